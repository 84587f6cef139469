import { expect, it } from "vitest";
import { iterableOnDemand } from "./iterable-on-demand.ts";

it("is made with the first item, once", async () => {
  let made = 0;
  const items = iterableOnDemand(async () => {
    made += 1;
    return letters();
  });
  expect(made).toBe(0);
  expect(await collect(items)).toEqual(["a", "b"]);
  expect(made).toBe(1);
});

it("ends what it made when its reader leaves", async () => {
  let left = false;
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) yield "a";
    } finally {
      left = true;
    }
  }
  for await (const item of iterableOnDemand(async () => endless())) {
    expect(item).toBe("a");
    break;
  }
  expect(left).toBe(true);
});

it("begins nothing when its reader left while it was made", async () => {
  let begun = false;
  async function* telltale(): AsyncGenerator<string> {
    begun = true;
    yield "a";
  }
  const items = iterableOnDemand(async () => telltale())[Symbol.asyncIterator]();
  const first = items.next();
  await items.return?.();
  expect(await first).toEqual({ done: true, value: undefined });
  expect(begun).toBe(false);
});

it("makes once what is asked twice", async () => {
  let made = 0;
  const items = iterableOnDemand(async () => {
    made += 1;
    return letters();
  })[Symbol.asyncIterator]();
  const both = await Promise.all([items.next(), items.next()]);
  expect(both.map((result) => result.value)).toEqual(["a", "b"]);
  expect(made).toBe(1);
});

it("fails as its making does", async () => {
  const items = iterableOnDemand<string>(() => Promise.reject(new Error("no such file")));
  await expect(collect(items)).rejects.toThrow("no such file");
});

async function* letters(): AsyncGenerator<string> {
  yield "a";
  yield "b";
}

async function collect(items: AsyncIterable<string>): Promise<readonly string[]> {
  const collected: string[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
