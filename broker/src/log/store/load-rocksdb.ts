import { TailraceError } from '@tailrace/schemas'
import type RocksDB from 'rocksdb-native'

/** What a native library depends on. */
export interface Host {
  /** As in `process.platform` and `process.arch`. */
  readonly platform: string
  readonly arch: string
  /** Linux with another library in its place, as Alpine has. */
  readonly lacksGlibc: boolean
}

/**
 * Loaded when it is needed, so that what it lacks is told as an error of ours.
 * @throws TailraceError RUNTIME_MISSING
 */
export async function loadRocksDb(): Promise<typeof RocksDB> {
  try {
    return (await import('rocksdb-native')).default
  } catch (cause) {
    throw new TailraceError('RUNTIME_MISSING', whatIsMissing(cause, thisHost()), { cause })
  }
}

/** What RocksDB lacks, and what to do, in one sentence. `error`: with which it could not be loaded. */
export function whatIsMissing(error: unknown, { platform, arch, lacksGlibc }: Host): string {
  const text = allTextOf(error)
  if (lacksGlibc)
    return 'This Linux has musl, as Alpine, and there is no RocksDB for it: run the broker on one with glibc, as in the image node:24-bookworm-slim.'
  const library = /(\S+\.so[.\d]*): cannot open shared object/.exec(text)?.[1]
  if (library !== undefined) {
    const name = /^(lib[a-z+]+)\.so\.(\d+)$/.exec(library)
    const debian = name === null ? library : `${name[1]}${name[2]}`
    return `The library ${library} is not installed: "apt-get install ${debian}" on Debian and Ubuntu, "dnf install ${name?.[1] ?? library}" on Fedora and Red Hat.`
  }
  const version = /version [`'"]?((?:GLIBC|GLIBCXX)_[\d.]+)['"]? not found/.exec(text)?.[1]
  if (version !== undefined) return `This system is older than ${version}: it must have glibc 2.34 or later.`
  if (/MODULE_NOT_FOUND|Cannot find (module|package|addon)/.test(text))
    return `RocksDB for ${platform}-${arch} is not installed: install again with "npm install --include=optional", and without a lock file that was made on another system.`
  return `RocksDB for ${platform}-${arch} cannot be loaded: ${text.split('\n')[0]}`
}

function allTextOf(error: unknown): string {
  const texts: string[] = []
  for (let one = error; one instanceof Error && texts.length < 5; one = one.cause)
    texts.push(`${(one as { code?: string }).code ?? ''} ${one.message}`.trim())
  return texts.reverse().join('\n') || String(error)
}

function thisHost(): Host {
  const { platform, arch } = process
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return { platform, arch, lacksGlibc: platform === 'linux' && header?.glibcVersionRuntime === undefined }
}
