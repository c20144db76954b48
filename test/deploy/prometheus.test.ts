import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { createAuthority } from '../../broker/src/platform/node/tls/issue-certificates.ts'
import { skipped } from '../runner/skipped.ts'
import { readComposeFile } from './compose-file.ts'
import { knownSeries, unknownIn } from './known-metrics.ts'
import { unknownInText } from './query-labels.ts'
import { judge, lacks } from './tools.ts'

const known = knownSeries()
const folder = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url))
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook_url: string }
}
interface RuleTest {
  readonly name: string
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
}
const { groups } = parse(read('tailrace.rules.yml')) as { groups: readonly { readonly rules: readonly Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { tests } = parse(read('tailrace.rules.test.yml')) as { tests: readonly RuleTest[] }

describe.skipIf(skipped(lacks('promtool'), 'rules of Prometheus: there is no promtool'))('promtool', () => {
  let copy: string
  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), 'tailrace-prometheus-'))
    cpSync(folder, copy, { recursive: true })
    mkdirSync(join(copy, 'secrets'))
    writeFileSync(join(copy, 'secrets/ca.crt'), (await createAuthority('A CA', 1, Date.now())).cert)
    writeFileSync(join(copy, 'secrets/token'), 'tr_1\n')
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))
  const promtool = (...args: string[]) => judge('promtool', args, { cwd: copy })

  it('takes the configuration and the rules', () => {
    const { code, said } = promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')
    expect(code, said).toBe(0)
    expect(said).toContain(`${rules.length} rules found`)
  })

  it('sees each alert fire, and stay silent', () => {
    const { code, said } = promtool('test', 'rules', 'tailrace.rules.test.yml')
    expect(code, said).toBe(0)
  }, 90_000)

  it.each([
    ['tailrace_quarantined_replicas > 0', 'tailrace_quarantined_replicas > 5', 'TailraceQuarantine fires'],
    ['tailrace_cascade_source == 0', 'tailrace_cascade_source >= 0', 'TailraceCascadeWithoutSource does not fire'],
  ])('would see that %s is not watched', (before, after, test) => {
    const changed = read('tailrace.rules.yml').replace(before, after)
    expect(changed).toContain(after)
    writeFileSync(join(copy, 'changed.rules.yml'), changed)
    const one = tests.filter(({ name }) => name === test)
    writeFileSync(join(copy, 'changed.test.yml'), stringify({ rule_files: ['changed.rules.yml'], tests: one }))
    const { code, said } = promtool('test', 'rules', 'changed.test.yml')
    expect(code).not.toBe(0)
    expect(said).toContain(test)
  })
})

describe.each(rules)('$alert', ({ alert, expr, labels, annotations }) => {
  it('asks for what brokers export, and names labels that the result has', () => {
    expect(unknownIn(expr, known)).toEqual([])
    expect(unknownInText(annotations.summary, expr, known)).toEqual([])
  })

  it('says how bad it is, and names the heading that says what to do', () => {
    expect(['critical', 'warning', 'info']).toContain(labels.severity)
    expect(annotations.summary).not.toBe('')
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`)
    const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8')
    expect(page).toMatch(new RegExp(`^#### ${alert}\\n\\n\\S`, 'm'))
  })

  it('has a test in which it fires, and one in which it does not', () => {
    const own = tests.flatMap((test) => test.alert_rule_test).filter(({ alertname }) => alertname === alert)
    expect(own.map(({ exp_alerts }) => exp_alerts.length).sort()).toEqual([0, 1])
  })
})

it('knows a name and a label that no broker has', () => {
  const query = 'sum by (job) (rate(tailrace_no_such_total[5m])) / tailrace_errors_total{colour="red",code="INTERNAL"}'
  expect(unknownIn(query, known)).toEqual(['tailrace_no_such_total', 'tailrace_errors_total{colour}'])
  expect(unknownIn('sum by (colour) (tailrace_errors_total)', known)).toEqual(['by (colour) of tailrace_errors_total'])
})

it('scrapes each broker of compose.yaml', () => {
  const config = parse(read('prometheus.yml')) as {
    scrape_configs: { scheme: string; static_configs: { targets: string[] }[] }[]
  }
  const [job] = config.scrape_configs
  const brokers = Object.keys(readComposeFile().services).filter((name) => /^(broker|cascade)-/.test(name))
  expect(job!.scheme).toBe('https')
  expect(job!.static_configs[0]!.targets).toEqual(brokers.map((name) => `${name}:8080`))
})
