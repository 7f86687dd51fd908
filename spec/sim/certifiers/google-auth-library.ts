// Asks for access tokens with Google's own library. Second argument: JSON of {account, scopes?, times?}.
import { JWT } from 'google-auth-library'

interface Task {
  readonly account: { readonly client_email: string; readonly private_key: string }
  readonly scopes?: readonly string[]
  readonly times?: number
}

const { account, scopes, times = 1 } = JSON.parse(process.argv[3] ?? '') as Task
const client = new JWT({
  email: account.client_email,
  key: account.private_key,
  scopes: [...(scopes ?? ['https://www.googleapis.com/auth/firebase.messaging'])],
})

void Promise.allSettled(Array.from({ length: times }, () => client.getAccessToken())).then((results) => {
  const told = results.map((one) =>
    one.status === 'fulfilled' ? { token: one.value.token } : { error: (one.reason as Error).message },
  )
  process.stdout.write(JSON.stringify(told))
})
