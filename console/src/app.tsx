import { useState } from 'preact/hooks'
import { useAuthenticationMode } from './api/authentication-mode.ts'
import { currentCredential, signOut } from './api/credential.ts'
import { type Live, LiveContext, useLiveSource } from './live/live.ts'
import { AuditPage } from './pages/audit.tsx'
import { BrokersPage } from './pages/brokers.tsx'
import { CascadePage } from './pages/cascade/cascade.tsx'
import { ConsumerGroupPage } from './pages/consumer-groups/consumer-group.tsx'
import { ConsumerGroupsPage } from './pages/consumer-groups/consumer-groups.tsx'
import { MovesPage } from './pages/moves.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { PartitionPage } from './pages/partition.tsx'
import { RecordsPage } from './pages/records.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { TopicPage } from './pages/topic.tsx'
import { TopicsPage } from './pages/topics.tsx'
import { Notice, Refusal } from './parts/notice.tsx'
import { useRoute } from './route.ts'

/** Another page is a line here, and a case of `Page`. */
const pages = [
  ['', 'Overview'],
  ['topics', 'Topics'],
  ['consumer-groups', 'Consumer groups'],
  ['brokers', 'Brokers'],
  ['moves', 'Moves'],
  ['cascade', 'Cascade'],
  ['audit', 'Audit'],
  ['settings', 'Settings'],
] as const

/** sent: it stays until the broker has answered, so that a refusal does not empty it. */
type SignInForm = 'closed' | 'open' | 'sent'

export function App() {
  const [session, setSession] = useState(0)
  const [form, setForm] = useState<SignInForm>('closed')
  const route = useRoute()
  const [page, topic = null] = route
  const live = useLiveSource(session, page === 'topics' ? topic : null)
  const isOptional = useAuthenticationMode(session) === 'optional'
  const begin = (next: SignInForm): void => {
    setForm(next)
    setSession((before) => before + 1)
  }
  const leave = (): void => {
    signOut()
    begin('closed')
  }
  const needsSignIn = live.refusal?.needsSignIn === true
  const isSigningIn = needsSignIn || form === 'open' || (form === 'sent' && live.state === null)
  return (
    <LiveContext.Provider value={live}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <a class="brand" href="#/">
          Tailrace
        </a>
        <Navigation page={route[0] ?? ''} />
        <span class={live.isOpen ? 'link good' : 'link bad'} role="status">
          {live.isOpen ? 'live' : needsSignIn ? 'not signed in' : 'not connected'}
        </span>
        {!isSigningIn && currentCredential() === null && isOptional && (
          <button type="button" class="quiet" onClick={() => setForm('open')}>
            Sign in
          </button>
        )}
        {!isSigningIn && currentCredential() !== null && (
          <button type="button" class="quiet" onClick={leave}>
            Sign out
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {isSigningIn ? (
          <SignIn
            refusal={live.refusal}
            isSent={form === 'sent' && live.refusal === null}
            onDone={() => begin('sent')}
            onCancel={isOptional ? () => begin('closed') : undefined}
          />
        ) : (
          <Content key={session} live={live} route={route} />
        )}
      </main>
    </LiveContext.Provider>
  )
}

function Navigation({ page }: { readonly page: string }) {
  return (
    <nav aria-label="Pages">
      {pages.map(([path, title]) => (
        <a key={path} href={`#/${path}`} aria-current={page === path ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  )
}

/** No page asks anything before it is known whether the broker wants a credential. */
function Content({ live, route }: { readonly live: Live; readonly route: readonly string[] }) {
  if (live.state === null && live.refusal === null) return <Notice>Waiting for the broker…</Notice>
  return (
    <>
      <Refusal error={live.refusal} />
      <Page route={route} />
    </>
  )
}

function Page({ route }: { readonly route: readonly string[] }) {
  const [page = '', name, partition] = route
  if (page === 'topics' && name !== undefined) {
    if (partition === 'records') return <RecordsPage key={name} topic={name} />
    if (partition !== undefined)
      return <PartitionPage key={`${name}/${partition}`} topic={name} partition={Number(partition)} />
    return <TopicPage key={name} name={name} />
  }
  if (page === 'consumer-groups' && name !== undefined) return <ConsumerGroupPage key={name} name={name} />
  switch (page) {
    case '':
      return <OverviewPage />
    case 'topics':
      return <TopicsPage />
    case 'consumer-groups':
      return <ConsumerGroupsPage />
    case 'brokers':
      return <BrokersPage />
    case 'moves':
      return <MovesPage />
    case 'cascade':
      return <CascadePage />
    case 'audit':
      return <AuditPage />
    case 'settings':
      return <SettingsPage />
    default:
      return <p>There is no such page.</p>
  }
}
