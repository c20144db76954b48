import { useState } from 'preact/hooks'
import { currentCredential, signOut } from './api/credential.ts'
import { LiveContext, useLiveSource } from './live/live.ts'
import { AuditPage } from './pages/audit.tsx'
import { BrokersPage } from './pages/brokers.tsx'
import { CascadePage } from './pages/cascade.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { PartitionPage } from './pages/partition.tsx'
import { RecordsPage } from './pages/records.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { TopicPage } from './pages/topic.tsx'
import { TopicsPage } from './pages/topics.tsx'
import { useRoute } from './route.ts'

/** Another page is a line here, and a case of `Page`. */
const pages = [
  ['', 'Overview'],
  ['topics', 'Topics'],
  ['brokers', 'Brokers'],
  ['cascade', 'Cascade'],
  ['audit', 'Audit'],
] as const

export function App() {
  const [session, setSession] = useState(0)
  const live = useLiveSource(session)
  const route = useRoute()
  const again = (): void => setSession((before) => before + 1)
  const leave = (): void => {
    signOut()
    again()
  }
  const needsSignIn = live.refusal?.needsSignIn === true
  return (
    <LiveContext.Provider value={live}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <a class="brand" href="#/">
          Tailrace
        </a>
        <nav aria-label="Pages">
          {pages.map(([path, title]) => (
            <a key={path} href={`#/${path}`} aria-current={(route[0] ?? '') === path ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class={live.isOpen ? 'link good' : 'link bad'} role="status">
          {live.isOpen ? 'live' : 'not connected'}
        </span>
        {currentCredential() !== null && (
          <button type="button" class="quiet" onClick={leave}>
            Sign out
          </button>
        )}
      </header>
      <main id="main">{needsSignIn ? <SignIn refusal={live.refusal} onDone={again} /> : <Page route={route} />}</main>
    </LiveContext.Provider>
  )
}

function Page({ route }: { readonly route: readonly string[] }) {
  const [page = '', topic, partition] = route
  if (page === 'topics' && topic !== undefined) {
    if (partition === 'records') return <RecordsPage key={topic} topic={topic} />
    if (partition !== undefined)
      return <PartitionPage key={`${topic}/${partition}`} topic={topic} partition={Number(partition)} />
    return <TopicPage key={topic} name={topic} />
  }
  switch (page) {
    case '':
      return <OverviewPage />
    case 'topics':
      return <TopicsPage />
    case 'brokers':
      return <BrokersPage />
    case 'cascade':
      return <CascadePage />
    case 'audit':
      return <AuditPage />
    default:
      return <p>There is no such page.</p>
  }
}
