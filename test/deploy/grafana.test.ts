import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { skipped } from '../runner/skipped.ts'
import { environmentOf, readComposeFile } from './compose-file.ts'
import { dashboardPath, legendsOf, queriesOf, readDashboards } from './dashboard-queries.ts'
import { knownSeries, unknownIn } from './known-metrics.ts'
import { unknownInText } from './query-labels.ts'
import { judge, lacks } from './tools.ts'

const folder = fileURLToPath(new URL('../../deploy/grafana/', import.meta.url))
const files = readdirSync(join(folder, 'dashboards')).sort()

const dashboards = readDashboards()
const text = (file: string): string => readFileSync(dashboardPath(file), 'utf8')
const known = knownSeries()

it('there is a dashboard of all, of a broker, of a topic, and of cascade brokers', () => {
  expect(files).toEqual(['broker.json', 'cascade.json', 'overview.json', 'topic.json'])
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(4)
})

const noSchema = lacks('dashboard-schema')
describe.skipIf(skipped(noSchema, 'the schema of dashboards: test/deploy/dashboard-schema is not built'))(
  "Grafana's schema",
  () => {
    let place: string
    beforeAll(() => {
      place = mkdtempSync(join(tmpdir(), 'tailrace-grafana-'))
    })
    afterAll(() => rmSync(place, { recursive: true, force: true }))

    it('fits', () => {
      expect(judge('dashboard-schema', files.map(dashboardPath))).toEqual({
        code: 0,
        said: '',
      })
    })

    it.each([
      ['"drawStyle"', '"drawStile"'],
      ['"fillOpacity": 5', '"fillOpacity": "much"'],
      ['"gridPos"', '"gridPlace"'],
    ])('does not fit with %s changed to %s', (before, after) => {
      const path = join(place, 'changed.json')
      expect(text('topic.json')).toContain(before)
      writeFileSync(path, text('topic.json').replace(before, after))
      expect(judge('dashboard-schema', [path]).code).toBe(1)
    })
  },
)

describe.skipIf(skipped(lacks('promtool'), 'queries of dashboards: there is no promtool'))('promtool', () => {
  it('can read every query', () => {
    const queries = dashboards.flatMap(queriesOf)
    expect(queries.length).toBeGreaterThan(80)
    const rules = [...new Set(queries)].map((expr, index) => ({ record: `query:number${index}`, expr }))
    const place = mkdtempSync(join(tmpdir(), 'tailrace-queries-'))
    writeFileSync(join(place, 'queries.yml'), stringify({ groups: [{ name: 'queries', rules }] }))
    const { code, said } = judge('promtool', ['check', 'rules', join(place, 'queries.yml')])
    rmSync(place, { recursive: true, force: true })
    expect(code, said).toBe(0)
  })
})

describe.each(dashboards)('$file', (dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')

  it('asks for what brokers export', () => {
    expect(queriesOf(dashboard).flatMap((query) => unknownIn(query, known))).toEqual([])
  })

  it('shows labels that the results have', () => {
    const shown = legendsOf(dashboard)
    expect(shown.flatMap(({ query, legend }) => unknownInText(legend, query, known))).toEqual([])
  })

  it('asks the Prometheus that is chosen, and has the variables that it uses', () => {
    const variables = new Set(dashboard.templating.list.map(({ name }) => name))
    for (const { targets = [], title } of panels) {
      expect(targets.length, title).toBeGreaterThan(0)
      for (const { expr, datasource } of targets) {
        expect(datasource.uid).toMatch(/^\$\{datasource\}$/)
        for (const [, name] of expr.replaceAll('$__rate_interval', '').matchAll(/\$(\w+)/g))
          expect(variables).toContain(name)
      }
    }
  })

  it('says of each panel what it shows, under a number of its own, beside the others', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, description } of panels) expect(description, title).toMatch(/\S/)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })
})

it('knows a legend, and a list of labels, that no result has', () => {
  for (const [before, after] of [
    ['"legendFormat": "{{state}}"', '"legendFormat": "{{stat}}"'],
    ['topic)",', 'topics)",'],
  ] as const) {
    const changed = JSON.parse(text('topic.json').replaceAll(before, after)) as (typeof dashboards)[number]
    const found = legendsOf(changed).flatMap(({ query, legend }) => unknownInText(legend, query, known))
    expect(found).toHaveLength(1)
  }
})

it('Grafana of compose.yaml finds the dashboards and Prometheus', () => {
  const { providers } = parse(readFileSync(join(folder, 'provisioning/dashboards/tailrace.yaml'), 'utf8')) as {
    providers: { options: { path: string } }[]
  }
  const { datasources } = parse(readFileSync(join(folder, 'provisioning/datasources/prometheus.yaml'), 'utf8')) as {
    datasources: { url: string; isDefault: boolean }[]
  }
  const { services } = readComposeFile()
  const path = providers[0]!.options.path
  expect(services.grafana!.volumes).toContain(`../grafana/dashboards:${path}:ro`)
  expect(environmentOf(services.grafana!).GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(`${path}/overview.json`)
  expect(datasources).toMatchObject([{ url: 'http://prometheus:9090', isDefault: true }])
})
