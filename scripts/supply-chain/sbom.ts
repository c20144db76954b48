import { npm } from './npm.ts'

/** A CycloneDX document, as far as it is read here. */
export interface Sbom {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown }
  readonly components: readonly Component[]
  readonly [field: string]: unknown
}

export interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly licenses?: readonly LicenceChoice[]
  readonly [field: string]: unknown
}

export type LicenceChoice =
  | { readonly license: { readonly id?: string; readonly name?: string } }
  | { readonly expression: string }

/**
 * All that an installation of the published packages brings with it, on every system. Out of the lock file, which names
 * each package with its hash; what only development needs is left out.
 */
export function readSbom(root: string): Sbom {
  const { status, out, err } = npm(
    ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only', '--workspaces'],
    root,
  )
  if (status !== 0) throw new Error(`"npm sbom" failed: ${err.trim()}`)
  return withPackageNames(JSON.parse(out) as Sbom)
}

/** npm calls a package of the workspace after its folder; a reader knows it by the name that it is published under. */
export function withPackageNames(sbom: Sbom): Sbom {
  const { metadata, components } = sbom
  return {
    ...sbom,
    metadata: { ...metadata, component: named(metadata.component) },
    components: components.map(named),
  }
}

function named(component: Component): Component {
  const reference = component['bom-ref']
  const end = reference.lastIndexOf('@')
  return end < 1 ? component : { ...component, name: reference.slice(0, end) }
}
