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
import("../dist/cli/main.js")
  .then(function (cli) {
    return cli.main(process.argv);
  })
  .catch(function (error) {
    console.error(error);
    process.exit(1);
  });
