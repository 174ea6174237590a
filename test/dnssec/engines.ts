/** Every engine, for suites that run with each. */
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";

export const engines = [nativeEngine(), portableEngine()] as const;
