import { defineConfig } from 'vitest/config';

/** Real processes and sockets are shared between suites, so the lab suite runs alone and last (see package.json). */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
