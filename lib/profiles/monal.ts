/** Monal and Quicksy for iOS: a bare alert, whose extension logs in, fetches, and may swallow it. */
import { z } from 'zod'
import { type Written } from '../model/content'
import { type Profile, type Subject } from './profile'
import { apnsAlert, apnsSilence, contentFree } from './content-free'
import { apsOf, looksOf, show, showsCount } from './shown'

const options = z.strictObject({
  title: z
    .string()
    .min(1)
    .default('New Message')
    .meta({ description: 'title of the alert that is shown where the extension can say no more' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  sound: z.string().min(1).default('default').meta({ description: 'sound of an alert' }),
  show,
})

type Options = z.output<typeof options>

/**
 * An alert, also for what is quiet: it may be a call, and only an alert wakes the extension. Without a collapse id: each
 * push buys the extension the time to fetch.
 */
function writeApns({ notification }: Subject, { show, ...usual }: Options): Written {
  if (notification.class === 'dismiss') return apnsSilence()
  return apnsAlert(apsOf(looksOf(notification, usual, show), notification))
}

export const monal: Profile<Options> = Object.freeze({
  name: 'monal',
  options,
  reveals: ({ show }: Options) =>
    `that something happened${showsCount(show) ? ' and the number of unread messages' : ''}, nothing else`,
  // The extension finds a call by itself and rings from there.
  ...contentFree,
  write: { apns: writeApns },
})
