/** Monal and Quicksy for iOS: a bare alert, whose extension logs in, fetches, and may swallow it. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { collapseByClass } from './wake-up'

const options = z.strictObject({
  title: z
    .string()
    .min(1)
    .default('New Message')
    .meta({ description: 'title of the alert that is shown where the extension can say no more' }),
  body: z.string().min(1).optional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
})

type Options = z.output<typeof options>

/**
 * An alert, also for what is quiet: it may be a call, and only an alert wakes the extension. Without a collapse id: each
 * push buys the extension the time to fetch.
 */
function writeApns({ notification }: Subject, { title, body, sound }: Options): Written {
  const alert = { title, ...(body === undefined ? {} : { body }) }
  return {
    is: 'content',
    slot: 'address',
    content:
      notification.class === 'dismiss'
        ? { speaks: 'apns', pushType: 'background', priority: 5, payload: { aps: { 'content-available': 1 } } }
        : { speaks: 'apns', pushType: 'alert', priority: 10, payload: { aps: { alert, sound, 'mutable-content': 1 } } },
  }
}

export const monal: Profile<Options> = Object.freeze({
  name: 'monal',
  options,
  reveals: () => 'that something happened, nothing else',
  passesEncrypted: false,
  keeps: () => ({ sender: false, body: false }),
  // The extension finds the call itself and rings from there.
  rings: () => false,
  collapseKey: collapseByClass,
  write: { apns: writeApns },
})
