/** Makes equal values one object with one number, so that states made of them compare and hash in no time. */
export interface Interner {
  /** The one object that stands for all values equal to this one. */
  one<T extends object>(value: T): T;
  /** The number of an interned object. */
  readonly idOf: (value: object) => number;
}

export function createInterner(): Interner {
  const byText = new Map<string, object>();
  const ids = new WeakMap<object, number>();
  return {
    one<T extends object>(value: T): T {
      if (ids.has(value)) return value;
      const text = JSON.stringify(value);
      const known = byText.get(text);
      if (known) return known as T;
      byText.set(text, value);
      ids.set(value, byText.size);
      return value;
    },
    idOf(value) {
      const id = ids.get(value);
      if (id === undefined) throw new TypeError("Only what was interned has a number.");
      return id;
    },
  };
}
