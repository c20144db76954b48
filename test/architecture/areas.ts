/**
 * The parts of the code from the bottom up (docs/architecture.md): {schemas, platform} <- {raft, log} <- partition <-
 * api <- security <- {consumer-groups, streams} <- cluster <- cascade <- doors <- start <- cli. An area may always
 * import itself.
 */
const base = ['schemas', 'platform']
const cores = [...base, 'raft', 'log']
const replicas = [...cores, 'partition']
const brokers = [...replicas, 'api', 'security', 'consumer-groups', 'streams', 'cluster']
const cascades = [...brokers, 'cascade']

export const mayImport: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  client: ['schemas'],
  producer: ['schemas', 'client'],
  // Dead letters of consumer groups are published.
  consumer: ['schemas', 'client', 'producer'],
  admin: ['schemas', 'client'],
  // One package to install: it exports what its parts do, and has no code of its own.
  sdk: ['admin', 'producer', 'consumer'],
  // As any client it knows the HTTP API, and no code of the broker.
  console: [],
  // Brokers by their package's entry for programs that embed one.
  testing: ['start', 'client'],
  platform: ['schemas'],
  'platform/memory': base,
  'platform/node': base,
  raft: base,
  log: base,
  partition: cores,
  api: replicas,
  security: [...base, 'api'],
  'consumer-groups': [...replicas, 'api', 'security'],
  streams: [...replicas, 'api', 'security'],
  cluster: [...replicas, 'api', 'security', 'consumer-groups', 'streams'],
  cascade: brokers,
  doors: cascades,
  config: ['schemas', 'security'],
  start: [...cascades, 'doors', 'platform/node', 'config', 'cli'],
  // The log: its files are read without a broker.
  cli: [
    ...base,
    'log',
    'partition',
    'api',
    'security',
    'consumer-groups',
    'cluster',
    'cascade',
    'doors',
    'platform/node',
    'config',
    'start',
    'client',
    'producer',
    'consumer',
  ],
}

/**
 * The floors of an area, from the bottom up: a file imports from its own floor and from those below. Folders that stand
 * side by side on one floor do not know each other. A folder without a floor of its own belongs to that of the folder
 * around it. Areas that are not named here are chapters round one state (raft, log), folders of commands of one kind
 * (cli), or flat.
 */
export const floors: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  'broker/src/partition': ['', 'replica/state', ['copies', 'replica'], 'broker'],
  'broker/src/security': ['', 'audit', 'identity', 'acl', 'quotas', 'access'],
  'broker/src/cluster': [
    'metadata',
    'routing',
    'replicas',
    'members',
    'balance',
    'formation',
    'security',
    'requests',
    '',
  ],
  'broker/src/consumer-groups': ['state', ''],
  'broker/src/streams': ['state', ''],
  'broker/src/cascade': ['wire', 'copies', 'upstream', 'control', ''],
  'broker/src/doors': ['limits', 'peer', 'json', 'standing', 'subscriptions', 'http', 'ws', 'sse', 'streams', ''],
  'broker/src/start': ['metrics', ['credentials', 'logging', 'tracing'], ''],
}

/** Code that belongs to none of them and may import all: no published code may import it. */
export const outside = 'outside'

const packages: Readonly<Record<string, string>> = {
  schemas: 'schemas',
  client: 'client',
  producer: 'producer',
  consumer: 'consumer',
  admin: 'admin',
  sdk: 'sdk',
  console: 'console',
  testing: 'testing',
}
const sdks: readonly string[] = ['client', 'producer', 'consumer', 'admin', 'sdk']

/** The area of a file, or null for a folder of the broker or a package that the table does not know. */
export function areaOf(path: string): string | null {
  const [first, second, third] = path.split('/')
  if (first === 'broker' && second === 'src') {
    if (path.startsWith('broker/src/platform/node/')) return 'platform/node'
    return third !== undefined && Object.hasOwn(mayImport, third) && !sdks.includes(third) ? third : null
  }
  if (second === 'src' && first !== undefined) return packages[first] ?? null
  return outside
}

export interface Floor {
  readonly area: string
  readonly name: string
  /** From 0, the lowest. */
  readonly height: number
}

/** The floor on which a file stands; null where its area has none. */
export function floorOf(path: string): Floor | null {
  for (const [area, names] of Object.entries(floors)) {
    if (!path.startsWith(`${area}/`)) continue
    const folder = path.slice(area.length + 1, Math.max(area.length + 1, path.lastIndexOf('/')))
    const within = names.flat().filter((name) => name === '' || folder === name || folder.startsWith(`${name}/`))
    const name = within.reduce((deepest, next) => (next.length > deepest.length ? next : deepest), '')
    return { area, name, height: names.findIndex((floor) => [floor].flat().includes(name)) }
  }
  return null
}
