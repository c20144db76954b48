import { know } from '../error-rows/browser.ts'
import { httpErrors } from '../error-rows/over-http.ts'

/** To be called before an error is read that came over HTTP: most pages send no such request. */
export function knowHttpErrors(): void {
  know(httpErrors)
}
