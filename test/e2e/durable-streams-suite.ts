import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where .ci/run has installed the public tests of the protocol, with a test runner of their own. */
export const suiteFolder = process.env.DURABLE_STREAMS_SUITE

export interface SuiteTest {
  readonly name: string
  readonly group: string
  readonly outcome: 'passed' | 'failed' | 'left out'
  readonly failure: string
}

/** Runs the public tests against a server; those whose names `pattern` has. Resolves with each test. */
export async function runSuite(base: string, pattern = ''): Promise<SuiteTest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'durable-streams-suite-'))
  try {
    const packages = join(suiteFolder!, 'node_modules')
    const tests = join(packages, '@durable-streams/server-conformance-tests/dist/index.js')
    const file = join(folder, 'suite.test.mjs')
    // With the tests of subscriptions, which its own runner leaves out.
    const options = JSON.stringify({ baseUrl: base, subscriptions: true })
    await writeFile(
      file,
      `import { runConformanceTests } from ${JSON.stringify(tests)}\nrunConformanceTests(${options})\n`,
    )
    const output = join(folder, 'tests.json')
    const test = { root: folder, include: [file], exclude: [], testTimeout: 60_000, hookTimeout: 30_000 }
    const config = join(folder, 'vitest.config.mjs')
    await writeFile(config, `export default { test: ${JSON.stringify(test)} }\n`)
    const named = pattern === '' ? [] : ['-t', pattern]
    const vitest = join(packages, 'vitest/vitest.mjs')
    const args = [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${output}`, ...named]
    const { VITEST: _, ...environment } = process.env
    const child = spawn(process.execPath, args, {
      cwd: suiteFolder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => said.push(piece))
    await once(child, 'close')
    const text = await readFile(output, 'utf8').catch(() => {
      throw new Error(`The public tests did not run:\n${Buffer.concat(said)}`)
    })
    return testsOf(JSON.parse(text))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

function testsOf({ testResults }: Report): SuiteTest[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status, failureMessages = [] }) => ({
      name: title,
      group: ancestorTitles[0] ?? '',
      outcome: status === 'passed' || status === 'failed' ? status : 'left out',
      failure: failureMessages[0] ?? '',
    })),
  )
}
