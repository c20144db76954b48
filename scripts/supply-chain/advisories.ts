import type { NpmAnswer } from './npm.ts'

/** What a registry knows against the packages that we ship. */
export type Advisories =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly lines: readonly string[] }
  | { readonly kind: 'not offered'; readonly reason: string }

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>>
  readonly error?: { readonly summary?: string; readonly detail?: string }
  readonly message?: string
}

interface Vulnerability {
  readonly name: string
  readonly severity: string
  readonly range: string
  readonly via: readonly (string | { readonly title: string; readonly url: string })[]
}

/** Reads the answer of "npm audit --json". */
export function advisoriesOf({ out, err }: NpmAnswer): Advisories {
  const report = parse(out)
  if (report?.vulnerabilities === undefined) {
    const reason = report?.message ?? report?.error?.summary ?? (err.trim().split('\n')[0] || 'npm said nothing')
    return { kind: 'not offered', reason }
  }
  const found = Object.values(report.vulnerabilities)
  return found.length === 0 ? { kind: 'none' } : { kind: 'found', lines: found.map(textOf) }
}

function textOf({ name, range, severity, via }: Vulnerability): string {
  const reasons = via.map((reason) => (typeof reason === 'string' ? `by ${reason}` : `${reason.title} ${reason.url}`))
  return `${severity}: ${name} ${range}: ${reasons.join('; ')}`
}

function parse(text: string): Report | null {
  try {
    return JSON.parse(text) as Report
  } catch {
    return null
  }
}
