import { expect, it } from 'vitest'
import { publishable, publishedEngines } from './publishable-manifest.ts'

const repository = { type: 'git', url: 'git+https://example.com/tailrace.git', directory: 'client' }

function asBoth(file: string): object {
  const module = { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }
  const required = { types: `./dist/${file}.d.cts`, default: `./dist/${file}.cjs` }
  return { browser: module, 'module-sync': module, require: required, default: module }
}

it('points entries to dist, drops those of development, and pins our own packages', () => {
  const manifest = {
    name: '@tailrace/client',
    version: '0.2.0',
    exports: {
      '.': './src/index.ts',
      './testing': './testing/index.ts',
      './x': { browser: './src/a/b.ts', default: './src/x.ts' },
    },
    imports: { '#socket': { browser: './src/socket/browser.ts', default: './src/socket/node.ts' } },
    dependencies: { '@tailrace/schemas': '*', ws: '^8.0.0' },
    devDependencies: { vitest: '1' },
    sideEffects: ['./src/worker.ts'],
    scripts: { test: 'x' },
  }
  expect(publishable(manifest, new Map([['@tailrace/schemas', '0.2.0']]), repository)).toEqual({
    name: '@tailrace/client',
    version: '0.2.0',
    repository,
    sideEffects: ['./dist/worker.js'],
    engines: publishedEngines.sdk,
    exports: {
      '.': asBoth('index'),
      './x': {
        browser: asBoth('a/b'),
        default: asBoth('x'),
      },
    },
    imports: { '#socket': { browser: './dist/socket/browser.js', default: './dist/socket/node.js' } },
    dependencies: { '@tailrace/schemas': '0.2.0', ws: '^8.0.0' },
    files: ['dist', 'bin', 'static', 'README.md', 'LICENSE'],
    publishConfig: { access: 'public' },
  })
})

it('leaves a package without entries without them', () => {
  const manifest = { name: 'tailrace', version: '1.0.0', bin: { tailrace: './bin/tailrace.js' } }
  const made = publishable(manifest, new Map(), repository)
  expect(made).toMatchObject({ bin: { tailrace: './bin/tailrace.js' } })
  expect(made).not.toHaveProperty('exports')
  expect(made.engines).toEqual(publishedEngines.broker)
  expect(made).not.toHaveProperty('sideEffects')
})

it('says that importing a package does nothing by itself', () => {
  expect(publishable({ name: 'x', version: '1.0.0', sideEffects: false }, new Map(), repository).sideEffects).toBe(
    false,
  )
})
