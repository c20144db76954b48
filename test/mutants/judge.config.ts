import { defineConfig } from 'vitest/config'
import config from '../../vitest.config.ts'

interface Project {
  readonly test: { readonly name: string; readonly include: string[]; readonly exclude?: string[] }
}

const projects = config.test!.projects as readonly Project[]
const [unit, slow] = ['unit', 'slow'].map((name) => projects.find(({ test }) => test.name === name)!.test)

/**
 * The unit tests, the slow ones with them, one at a time. Node.js reads the source as it is, so that places of the code
 * that ran are places of the text.
 */
export default defineConfig({
  test: {
    ...unit!,
    exclude: unit!.exclude!.filter((path) => !slow!.include.includes(path)),
    // A mutant must not live on in a module that the next test shares.
    isolate: true,
    setupFiles: ['test/mutants/record-run.ts'],
    watch: false,
    bail: 1,
    maxWorkers: 1,
    reporters: [{}],
    passWithNoTests: true,
    experimental: { viteModuleRunner: false },
  },
})
