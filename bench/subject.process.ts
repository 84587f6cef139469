// One subject in a process of its own: `node subject.process.ts <subject> <redis url> <directory> <peers>`.
import { isSubjectName, SUBJECTS } from "./subjects/index.ts";
import { measureUsage } from "./subjects/usage.ts";
import type { SubjectQuestion } from "./subjects/usage.ts";

const [name, redisUrl = "", directory = "", peers = ""] = process.argv.slice(2);
if (!isSubjectName(name)) throw new TypeError(`There is no subject ${name}.`);

const { port, write } = await SUBJECTS[name].start({ redisUrl, directory, peers });

process.on("message", (question: SubjectQuestion) => {
  answer(question).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.({ port });
// The bench is over, or died.
process.once("disconnect", () => process.exit());

async function answer(question: SubjectQuestion): Promise<unknown> {
  if (question.kind === "usage") return measureUsage();
  if (!write) throw new TypeError(`${name} is not written to directly.`);
  return write(question.order);
}
