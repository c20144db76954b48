import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../deploy/grafana/dashboards/', import.meta.url))

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly targets?: readonly {
    readonly expr: string
    readonly legendFormat?: string
    readonly datasource: { readonly uid: string }
  }[]
}

export interface Dashboard {
  readonly file: string
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

export const dashboardPath = (file: string): string => join(folder, file)

export function readDashboards(): Dashboard[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ ...(JSON.parse(readFileSync(dashboardPath(file), 'utf8')) as Dashboard), file }))
}

/** Queries without data while all is well; alerts-fire.test.ts provokes what each of them shows. */
export const onlyInTrouble =
  /tailrace_(errors_total|throttled_total|log_checksum_failures_total|partition_cascade_lag_\w+)|tailrace_log_disk_time_left_seconds\{[^}]*\} <|ALERTS/

/** The queries of panels, and those of which variables list labels, as Prometheus gets them. */
export function queriesOf({ panels, templating }: Pick<Dashboard, 'panels' | 'templating'>): string[] {
  return legendsOf({ panels, templating }).map(({ query }) => query)
}

/** The same queries, each with the text that shows labels of its result: a legend, or the label that is listed. */
export function legendsOf({
  panels,
  templating,
}: Pick<Dashboard, 'panels' | 'templating'>): { readonly query: string; readonly legend: string }[] {
  const listed = templating.list.flatMap(({ definition = '' }) => {
    const [, query, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
    return query === undefined ? [] : [{ query, legend: `{{${label}}}` }]
  })
  const asked = panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr, legendFormat = '' }) => ({ query: expr, legend: legendFormat })),
  )
  return [...listed, ...asked].map(({ query, legend }) => ({
    query: query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance|topic)\b/g, '.*'),
    legend,
  }))
}
