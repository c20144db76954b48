import { useState } from 'preact/hooks'
import { signIn } from '../api/credential.ts'
import type { ApiError } from '../api/http.ts'
import { Refusal } from '../parts/notice.tsx'

interface SignInProps {
  readonly refusal: ApiError | null
  /** The broker has not answered yet. */
  readonly isSent: boolean
  readonly onDone: () => void
  /** Undefined: nothing is shown without a credential. */
  readonly onCancel: (() => void) | undefined
}

/** With a token, or a user and a password; kept until the tab is closed. */
export function SignIn({ refusal, isSent, onDone, onCancel }: SignInProps) {
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
      {refusal?.code !== 'AUTHENTICATION_REQUIRED' && <Refusal error={refusal} />}
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
        <Field name="Token" isSecret value={token} onValue={setToken} autocomplete="off" />
      ) : (
        <>
          <Field name="User" value={user} onValue={setUser} autocomplete="username" />
          <Field name="Password" isSecret value={password} onValue={setPassword} autocomplete="current-password" />
        </>
      )}
      <div class="buttons">
        {onCancel !== undefined && (
          <button type="button" class="quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" disabled={isSent}>
          {isSent ? 'Signing in…' : 'Sign in'}
        </button>
      </div>
    </form>
  )
}

interface FieldProps {
  readonly name: string
  readonly isSecret?: boolean
  readonly value: string
  readonly onValue: (value: string) => void
  readonly autocomplete: 'off' | 'username' | 'current-password'
}

function Field({ name, isSecret = false, value, onValue, autocomplete }: FieldProps) {
  // The types of Preact have no union of types of an input.
  const type = (isSecret ? 'password' : 'text') as 'text'
  return (
    <label>
      {name}
      <input
        type={type}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
        autocomplete={autocomplete}
        required
      />
    </label>
  )
}
