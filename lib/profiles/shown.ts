/** What an alert shows: the app's settings, for all of its alerts and for a class of notification. Nothing of a message by itself. */
import { z } from 'zod'
import { type FcmNotification } from '../model/content'
import { type Notification } from '../model/notification'

/** The settings of one class; what is left out is as for all alerts of the app. */
const looks = z.strictObject({
  title: z.string().min(1).exactOptional().meta({ description: 'title of the alert' }),
  body: z.string().min(1).exactOptional().meta({ description: 'second line of the alert' }),
  titleLocKey: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: "key of the title in the app's own translations, in place of `title`" }),
  locKey: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: "key of the second line in the app's own translations, in place of `body`" }),
  sound: z.string().min(1).exactOptional().meta({ description: 'sound of the alert' }),
  category: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: 'category of the alert (`click_action` on Android)' }),
  threadId: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ description: 'alerts of one thread are grouped (`tag` on Android)' }),
  badge: z
    .union([z.literal('count'), z.int().min(0).max(99_999)])
    .exactOptional()
    .meta({
      description: "the app's badge: a number, or `count` for the number of unread messages, which Apple then sees",
    }),
  channel: z.string().min(1).exactOptional().meta({ description: 'channel of the alert on Android' }),
})

export type Looks = Readonly<z.output<typeof looks>>

/** Settings by class of notification. */
export const show = z
  .strictObject({
    message: looks.exactOptional().meta({ description: 'alerts of messages' }),
    call: looks.exactOptional().meta({ description: 'alerts of calls that cannot ring' }),
    quiet: looks.exactOptional().meta({ description: 'alerts of what has no text, where the profile alerts for it' }),
  })
  .default({})
  .meta({ description: 'what the alerts of each class show, where it is not what all show' })

export type Show = Readonly<z.output<typeof show>>

/** True if the settings let a push service see how many messages are unread. */
export function showsCount(settings: Show): boolean {
  return Object.values(settings).some((each) => each.badge === 'count')
}

/** The settings for this notification, over those of all alerts. */
export function looksOf({ class: kind, content }: Notification, usual: Looks, settings: Show): Looks {
  const own = kind === 'dismiss' ? undefined : settings[content.isCall === true ? 'call' : kind]
  if (own === undefined) return usual
  // A text of the class's own is meant to be seen: a translation's key for all alerts would hide it.
  const { titleLocKey, locKey, ...rest } = usual
  return {
    ...rest,
    ...(titleLocKey === undefined || own.title !== undefined ? {} : { titleLocKey }),
    ...(locKey === undefined || own.body !== undefined ? {} : { locKey }),
    ...own,
  }
}

/** The dictionary `aps` of an alert, made anew, without `mutable-content`. */
export function apsOf(shown: Looks, { content }: Notification): Record<string, unknown> {
  const { title, body, titleLocKey, locKey, sound, category, threadId } = shown
  const badge = shown.badge === 'count' ? content.count : shown.badge
  const alert: Record<string, string> = {}
  if (titleLocKey !== undefined) alert['title-loc-key'] = titleLocKey
  else if (title !== undefined) alert['title'] = title
  if (locKey !== undefined) alert['loc-key'] = locKey
  else if (body !== undefined) alert['body'] = body
  const aps: Record<string, unknown> = { alert }
  if (category !== undefined) aps['category'] = category
  if (threadId !== undefined) aps['thread-id'] = threadId
  if (badge !== undefined) aps['badge'] = badge
  if (sound !== undefined) aps['sound'] = sound
  return aps
}

/** The same as Android shows it by itself, without the app. */
export function androidOf(shown: Looks, { content }: Notification): FcmNotification {
  const { title, body, titleLocKey, locKey, sound, category, threadId, channel } = shown
  const badge = shown.badge === 'count' ? content.count : shown.badge
  return {
    ...(titleLocKey === undefined ? (title === undefined ? {} : { title }) : { title_loc_key: titleLocKey }),
    ...(locKey === undefined ? (body === undefined ? {} : { body }) : { body_loc_key: locKey }),
    ...(sound === undefined ? {} : { sound }),
    ...(category === undefined ? {} : { click_action: category }),
    ...(threadId === undefined ? {} : { tag: threadId }),
    ...(badge === undefined ? {} : { notification_count: badge }),
    ...(channel === undefined ? {} : { channel_id: channel }),
  }
}
