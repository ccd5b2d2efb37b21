import { defineConfig } from 'vitest/config';

/** The suites that emulate whole machines run after the others (see package.json): they would starve them of processor time. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
