/**
 * The parts of the house and what each may import (docs/architecture.md): {schemas, platform} <- {raft, log} <-
 * {partition, cluster, groups, cascade} <- {gateway, kafka} <- {main, cli}. An area may always import itself.
 */
const base = ['schemas', 'platform']
const cores = [...base, 'raft', 'log']
const services = ['partition', 'cluster', 'groups', 'cascade']
const sides = ['gateway', 'kafka']
const sdks = ['client', 'producer', 'consumer']

export const mayImport: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  client: ['schemas'],
  producer: ['schemas', 'client'],
  consumer: ['schemas', 'client'],
  platform: ['schemas'],
  'platform/node': base,
  raft: base,
  log: base,
  partition: [...cores, ...services],
  cluster: [...cores, ...services],
  groups: [...cores, ...services],
  cascade: [...cores, ...services],
  gateway: [...cores, ...services],
  kafka: [...cores, ...services],
  config: ['schemas'],
  main: [...cores, ...services, ...sides, 'platform/node', 'config', 'cli'],
  cli: [...base, ...services, ...sides, 'platform/node', 'config', 'main', 'producer', 'consumer'],
}

/** What belongs to none of them and may import all: nothing that is shipped may import it. */
export const outside = 'outside'

const packages: Readonly<Record<string, string>> = {
  schemas: 'schemas',
  client: 'client',
  producer: 'producer',
  consumer: 'consumer',
  console: 'console',
}

/** The area of a file, or null for a folder of the broker or a package that the table does not know. */
export function areaOf(path: string): string | null {
  const [first, second, third] = path.split('/')
  if (first === 'broker' && second === 'src') {
    // Files beside main.ts are parts of the composition root.
    if (path.split('/').length === 3) return 'main'
    if (path.startsWith('broker/src/platform/node/')) return 'platform/node'
    return third !== undefined && Object.hasOwn(mayImport, third) && !sdks.includes(third) ? third : null
  }
  if (second === 'src' && first !== undefined) return packages[first] ?? null
  return outside
}
