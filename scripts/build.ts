import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolArguments } from '../test/tool-arguments.ts'
import { bundleProgram } from './bundle-program.ts'
import { addCommonJs, nameBuiltFiles } from './common-js.ts'
import type { Manifest } from './publishable-manifest.ts'
import { isOfSdk, publishable } from './publishable-manifest.ts'
import { makeRocksDbPackages } from './rocksdb-packages.ts'
import { licenceList, refusedLicences } from './supply-chain/licences.ts'
import { readSbom, type Sbom } from './supply-chain/sbom.ts'

const usage = `npm run build [-- FOLDER]
Makes a publishable folder of each package under FOLDER (default: dist), as JavaScript with declarations, those of the SDK also as CommonJS, RocksDB with a package for each system, and beside them
sbom.cdx.json (CycloneDX) and licences.md of what an installation brings with it. Fails if one of these has a licence that is not
allowed (scripts/supply-chain/licences.ts). Nothing in the repository runs from there.`

const root = fileURLToPath(new URL('..', import.meta.url))
const target = toolArguments(usage, {}, 1).operands[0] ?? join(root, 'dist')
const emitted = join(root, '.tmp', `build-${process.pid}`)
const carried = ['README.md', 'avro', 'bin', 'static']

const { workspaces, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  workspaces: string[]
  repository: Readonly<Record<string, string>>
}
const manifests = new Map(
  workspaces.map((folder) => [
    folder,
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest,
  ]),
)
for (const [folder, { private: isPrivate }] of manifests) if (isPrivate === true) manifests.delete(folder)
const versions = new Map([...manifests.values()].map(({ name, version }) => [name, version]))

function compile(): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const result = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', emitted], {
    cwd: root,
    stdio: 'inherit',
  })
  if (result.status !== 0) throw new Error('The TypeScript compiler failed.')
}

async function assemble(folder: string, manifest: Manifest): Promise<void> {
  const made = join(target, folder)
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true })
  cpSync(join(emitted, folder, 'src'), join(made, 'dist'), { recursive: true })
  nameBuiltFiles(join(made, 'dist'))
  if (isOfSdk(manifest)) await addCommonJs(made, manifest)
  if (manifest.bin !== undefined) await bundleProgram(made, join(root, 'node_modules'))
  for (const name of carried)
    if (existsSync(join(root, folder, name))) cpSync(join(root, folder, name), join(made, name), { recursive: true })
  cpSync(join(root, 'LICENSE'), join(made, 'LICENSE'))
  const published = publishable(manifest, versions, { ...repository, directory: folder })
  writeFileSync(join(made, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
}

/** Before anything is made: what must not be shipped is not built either. */
function supplyChain(): Sbom {
  const sbom = readSbom(root)
  const refused = refusedLicences(sbom)
  if (refused.length > 0) throw new Error(`Licences that are not allowed:\n  ${refused.join('\n  ')}`)
  return sbom
}

try {
  const sbom = supplyChain()
  compile()
  const names = [...versions.keys()]
  versions.set('rocksdb-native', makeRocksDbPackages(root, target, repository))
  for (const [folder, manifest] of manifests) await assemble(folder, manifest)
  writeFileSync(join(target, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`)
  writeFileSync(join(target, 'licences.md'), licenceList(sbom))
  console.log(`built ${names.join(', ')}, and RocksDB for each system, into ${target}`)
} finally {
  rmSync(emitted, { recursive: true, force: true })
}
