export interface SeriesHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, the lowest first. */
  readonly buckets: readonly number[];
}

/**
 * A histogram without labels, in plain counters, past prom-client: for what happens with every token of every answer, where
 * the bookkeeping of a value that may have any labels costs as much as a good part of what is measured.
 */
export class SeriesHistogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  /** How many values were above the bound before and not above this one; the last has those above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor({ name, help, buckets }: SeriesHistogramOptions) {
    this.#name = name;
    this.#help = help;
    this.#bounds = buckets;
    this.#counts = [...buckets, Infinity].map(() => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  /** Its lines in Prometheus' text format, each with its end. */
  render(): string {
    let count = 0;
    const buckets = this.#counts.map((counted, index) => {
      count += counted;
      return `${this.#name}_bucket{le="${this.#bounds[index] ?? "+Inf"}"} ${count}`;
    });
    const lines = [
      `# HELP ${this.#name} ${this.#help}`,
      `# TYPE ${this.#name} histogram`,
      ...buckets,
      `${this.#name}_sum ${this.#sum}`,
      `${this.#name}_count ${count}`,
    ];
    return lines.map((line) => `${line}\n`).join("");
  }
}
