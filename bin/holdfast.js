#!/usr/bin/env node
// Written for any Node there ever was: it must be able to say that the one it runs on is too old.
var version = process.versions.node.split(".");
var major = Number(version[0]);
var minor = Number(version[1]);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    "holdfast needs Node 22.18 or newer; this is " + process.version + ". See https://nodejs.org/",
  );
  process.exit(1);
}
import("node:module")
  .then(function (nodeModule) {
    keepCompiled(nodeModule);
    return import("../dist/cli/main.js");
  })
  .then(function (cli) {
    return cli.main(process.argv);
  })
  .catch(function (error) {
    console.error(error);
    process.exit(1);
  });

// What V8 compiles is kept for the next start, which is the faster for it; where that cannot be done nothing is lost. In the
// user's own directory: what is kept is code, and anybody may write to the one for temporary files, Node's default.
// NODE_COMPILE_CACHE names another directory and NODE_DISABLE_COMPILE_CACHE=1 keeps nothing; both are read by Node.
function keepCompiled(nodeModule) {
  // The coverage of tests would be less exact for it.
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_V8_COVERAGE) return;
  // Under sudo the home may be another user's, whose code root must not run.
  if (process.env.SUDO_UID) return;
  var caches = process.env.XDG_CACHE_HOME || (process.env.HOME && process.env.HOME + "/.cache");
  if (caches) nodeModule.enableCompileCache(caches + "/holdfast/compiled");
}
