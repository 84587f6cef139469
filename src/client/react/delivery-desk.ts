/** Where those wait who want to know what became of what they sent, each under its key. */
export interface DeliveryDesk<Receipt> {
  /** Resolves with the receipt, or undefined when there is none. Whoever asks again after it came gets it at once. */
  wait(key: string): Promise<Receipt | undefined>;
  /** Gives those who wait their receipt; without one, the next who ask wait anew. */
  answer(key: string, receipt: Receipt | undefined): void;
  knows(key: string): boolean;
  /** Resolves when nobody waits any more. */
  allAnswered(): Promise<void>;
  /** Nobody gets an answer any more: all who wait go without. */
  close(): void;
}

export function createDeliveryDesk<Receipt>(): DeliveryDesk<Receipt> {
  const waiting = new Map<string, readonly ((receipt: Receipt | undefined) => void)[]>();
  const receipts = new Map<string, Receipt>();

  function wait(key: string): Promise<Receipt | undefined> {
    if (receipts.has(key)) return Promise.resolve(receipts.get(key));
    return new Promise((resolve) => {
      waiting.set(key, [...(waiting.get(key) ?? []), resolve]);
    });
  }

  function answer(key: string, receipt: Receipt | undefined): void {
    if (receipt !== undefined) receipts.set(key, receipt);
    const resolves = waiting.get(key) ?? [];
    waiting.delete(key);
    for (const resolve of resolves) resolve(receipt);
  }

  return {
    wait,
    answer,
    knows: (key) => receipts.has(key) || waiting.has(key),
    async allAnswered() {
      await Promise.all(Array.from(waiting.keys(), wait));
    },
    close() {
      for (const key of waiting.keys()) answer(key, undefined);
    },
  };
}
