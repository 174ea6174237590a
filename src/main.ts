#!/usr/bin/env node
/** The executable's door: argv to cli/. */
import process from "node:process";
import { run } from "./cli/run.ts";
import { systemIo } from "./cli/system-io.ts";

const { ROOTWALK_DEBUG } = process.env;
process.exitCode = await run(process.argv.slice(2), await systemIo(process), Boolean(ROOTWALK_DEBUG));
