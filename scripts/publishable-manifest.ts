/** A package.json, as far as building reads and writes it. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly imports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly sideEffects?: false | readonly string[]
  readonly repository?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/**
 * What the published packages run on: a broker, and an SDK. Here npm scripts run on a Node.js that npm itself installs,
 * so that the packages of the workspace name none, and installing them with an older one warns of nothing.
 */
export const publishedEngines = { broker: { node: '>=22.18.0' }, sdk: { node: '>=20.0.0' } } as const

/** Whether a package belongs to an SDK: it runs on older versions of Node.js, and is CommonJS as well. */
export function isOfSdk({ bin, dependencies }: Manifest): boolean {
  return bin === undefined && dependencies?.tailrace === undefined
}

/**
 * The package.json of the published form: entries point to dist instead of src, with declarations; entries outside of
 * src serve development and are left out; our own packages are asked for in exactly the version they were built with.
 * `source` is the repository, and the package's folder in it.
 */
export function publishable(
  manifest: Manifest,
  versions: ReadonlyMap<string, string>,
  source: Readonly<Record<string, string>>,
): Manifest {
  const { exports, imports, dependencies, sideEffects, scripts: _scripts, devDependencies: _dev, ...rest } = manifest
  return {
    ...rest,
    repository: source,
    engines: isOfSdk(manifest) ? publishedEngines.sdk : publishedEngines.broker,
    ...(exports === undefined ? {} : { exports: builtEntries(exports, isOfSdk(manifest) ? asBoth : withTypes) }),
    ...(imports === undefined ? {} : { imports: builtEntries(imports, (file) => file) }),
    ...(sideEffects === undefined ? {} : { sideEffects: builtSideEffects(sideEffects) }),
    ...(dependencies === undefined ? {} : { dependencies: ownVersions(dependencies, versions) }),
    files: ['dist', 'bin', 'static', 'README.md', 'LICENSE'],
    publishConfig: { access: 'public' },
  }
}

/** ./src/a/b.ts -> ./dist/a/b.js; null for what is not built. */
function built(path: string): string | null {
  const match = /^\.\/src\/(.+)\.ts$/.exec(path)
  return match === null ? null : `./dist/${match[1]}.js`
}

/** Files that do something when they are imported; without others, bundlers leave out all that is not used. */
function builtSideEffects(sideEffects: false | readonly string[]): false | string[] {
  return sideEffects === false ? false : sideEffects.map((file) => built(file) ?? file)
}

function withTypes(file: string): unknown {
  return { types: file.replace(/\.js$/, '.d.ts'), default: file }
}

/**
 * As ES module and as CommonJS. Where `require` can load ES modules it gets that one, as `import` does: a process has
 * each class once.
 */
function asBoth(file: string): unknown {
  const module = withTypes(file)
  const required = { types: file.replace(/\.js$/, '.d.cts'), default: file.replace(/\.js$/, '.cjs') }
  return { browser: module, 'module-sync': module, require: required, default: module }
}

function builtEntries(
  entries: Readonly<Record<string, unknown>>,
  wrap: (file: string) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, target] of Object.entries(entries)) {
    if (typeof target === 'string') {
      const file = built(target)
      if (file !== null) result[name] = wrap(file)
    } else if (typeof target === 'object' && target !== null) {
      const inner = builtEntries(target as Record<string, unknown>, wrap)
      if (Object.keys(inner).length > 0) result[name] = inner
    }
  }
  return result
}

function ownVersions(
  dependencies: Readonly<Record<string, string>>,
  versions: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(dependencies).map(([name, range]) => [name, versions.get(name) ?? range]))
}
