import { defineConfig } from 'vite'

/** Built into the package of the broker, which serves it at /console/. */
export default defineConfig({
  base: './',
  build: { outDir: '../broker/static/console', emptyOutDir: true, modulePreload: false, target: 'es2022' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
})
