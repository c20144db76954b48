import { defineConfig } from 'vitest/config'
import config from '../../vitest.config.ts'

const unit = config.test!.projects![0] as { test: object }

/** The unit tests, one at a time. Node.js reads the source as it is, so that places of the code that ran are places of the text. */
export default defineConfig({
  test: {
    ...unit.test,
    setupFiles: ['test/mutants/record-run.ts'],
    watch: false,
    bail: 1,
    maxWorkers: 1,
    reporters: [{}],
    passWithNoTests: true,
    experimental: { viteModuleRunner: false },
  },
})
