import { useEffect, useState } from 'preact/hooks'

/**
 * Whether clients must show a credential: off, optional or required; null: not known. Asked without one, anew for each
 * `session`.
 */
export function useAuthenticationMode(session: number): string | null {
  const [mode, setMode] = useState<string | null>(null)
  useEffect(() => {
    let isOver = false
    const ask = async (): Promise<void> => {
      const { authentication } = (await (await fetch('/')).json()) as { authentication: string }
      if (!isOver) setMode(authentication)
    }
    // A broker that does not answer is shown as not connected.
    ask().catch(() => {})
    return () => {
      isOver = true
    }
  }, [session])
  return mode
}
