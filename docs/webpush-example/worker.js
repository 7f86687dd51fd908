// The example service worker: what it reads of a push is described in docs/webpush.md, version 1. It asks no host.
'use strict'

/** The push as JSON; what can't be read is a wake-up like any other. */
function read(data) {
  try {
    const push = data?.json()
    return push?.v === 1 ? push : { v: 1, class: 'message' }
  } catch {
    return { v: 1, class: 'message' }
  }
}

function textOf({ count, encrypted, body }) {
  if (body !== undefined) return body
  if (encrypted !== undefined) return 'An encrypted message'
  return count > 1 ? `${count} messages wait` : 'A message waits'
}

/** Shows the push. A notification of the same account takes the place of the one before. */
async function show(push) {
  const tag = push.account ?? 'xmpp'
  if (push.class === 'dismiss') {
    const shown = await self.registration.getNotifications({ tag })
    for (const notification of shown) notification.close()
    return
  }
  const isSilent = push.class === 'quiet'
  await self.registration.showNotification(push.nickname ?? push.sender ?? push.account ?? 'New message', {
    body: isSilent ? 'Something happened' : textOf(push),
    tag,
    silent: isSilent,
    data: push,
  })
}

async function tellPages(push) {
  const pages = await self.clients.matchAll({ includeUncontrolled: true })
  for (const page of pages) page.postMessage(push)
}

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => {
  const push = read(event.data)
  event.waitUntil(show(push).finally(() => tellPages(push)))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const open = async () => {
    const [page] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
    return page === undefined ? self.clients.openWindow('./') : page.focus()
  }
  event.waitUntil(open())
})

// The browser renews a subscription by itself; the page registers the new one when it is opened next. A client that can
// log in from its worker registers it at once, with the same device-id.
self.addEventListener('pushsubscriptionchange', (event) => {
  event.waitUntil(tellPages({ v: 1, class: 'renewed' }))
})
