import { useState } from 'preact/hooks'
import { signIn } from '../api/credential.ts'
import type { ApiError } from '../api/http.ts'
import { Refusal } from '../parts/notice.tsx'

/** With a token, or a user and a password; kept until the tab is closed. */
export function SignIn({ refusal, onDone }: { readonly refusal: ApiError | null; readonly onDone: () => void }) {
  const [kind, setKind] = useState<'token' | 'password'>('token')
  const [token, setToken] = useState('')
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    signIn(kind === 'token' ? { kind, token: token.trim() } : { kind, user, password })
    onDone()
  }
  return (
    <form class="sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      {refusal?.code === 'AUTHENTICATION_FAILED' && <Refusal error={refusal} />}
      <fieldset>
        <legend>With</legend>
        <label class="choice">
          <input type="radio" name="kind" checked={kind === 'token'} onChange={() => setKind('token')} /> a token
        </label>
        <label class="choice">
          <input type="radio" name="kind" checked={kind === 'password'} onChange={() => setKind('password')} /> a
          password
        </label>
      </fieldset>
      {kind === 'token' ? (
        <label>
          Token
          <input
            type="password"
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
            autocomplete="off"
            required
          />
        </label>
      ) : (
        <>
          <label>
            User
            <input
              value={user}
              onInput={({ currentTarget }) => setUser(currentTarget.value)}
              autocomplete="username"
              required
            />
          </label>
          <label>
            Password
            <input
              type="password"
              value={password}
              onInput={({ currentTarget }) => setPassword(currentTarget.value)}
              autocomplete="current-password"
              required
            />
          </label>
        </>
      )}
      <div class="buttons">
        <button type="submit">Sign in</button>
      </div>
    </form>
  )
}
