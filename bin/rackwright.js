#!/usr/bin/env node
// The built command. In a checkout it comes from "npm run build".
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main.href);
} else {
  process.stderr.write('rackwright is not built yet: run "npm run build" in the checkout first\n');
  process.exitCode = 1;
}
