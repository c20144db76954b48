import { useEffect, useState } from 'preact/hooks'

/**
 * Behind the # of the address, so that a link leads to the same page on every broker: `#/topics/flights/3`. Without the
 * slash it is a place within a page.
 */
export function partsOf(hash: string): string[] {
  return (hash.startsWith('#/') ? hash.slice(2) : '')
    .split('/')
    .filter((part) => part !== '')
    .map(decoded)
}

/** What is not encoded, as a typed `%`, stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function useRoute(): string[] {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    let page = location.hash
    const changed = (): void => {
      const isPage = location.hash === '' || location.hash.startsWith('#/')
      if (isPage) page = location.hash
      // The browser has moved the focus to the place: the address stays that of the page.
      else history.replaceState(null, '', page || '#/')
      setHash(page)
    }
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return partsOf(hash)
}
