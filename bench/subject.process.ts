// One subject in a process of its own: `node subject.process.ts <subject> <redis url> <directory>`.
import { isSubjectName, SUBJECTS } from "./subjects/index.ts";

const [name, redisUrl = "", directory = ""] = process.argv.slice(2);
if (!isSubjectName(name)) throw new TypeError(`There is no subject ${name}.`);

const { port } = await SUBJECTS[name].start({ redisUrl, directory });
process.send?.({ port });
// The bench is over, or died.
process.once("disconnect", () => process.exit());
