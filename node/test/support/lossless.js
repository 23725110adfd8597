// JSON with integers that a double would round marked in texts. Its own reader, so that a rounding in the addon is not hidden by
// the same rounding here.

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARK = "\u0001int:";

/** What a JSON text says, unsafe integers as marked texts. */
export function parse(text) {
  return JSON.parse(text.replace(TOKEN, (token) => (isUnsafe(token) ? JSON.stringify(MARK + token) : token)));
}

/** The value with the digits alone in the place of marked texts, as the addon writes such integers. */
export function digits(value) {
  return JSON.parse(JSON.stringify(value).replaceAll(JSON.stringify(MARK).slice(1, -1), ""));
}

/** JSON text in which marked texts are integers again. */
export function text(value) {
  const mark = JSON.stringify(MARK).slice(1, -1).replaceAll("\\", "\\\\");
  return JSON.stringify(value).replaceAll(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}

function isUnsafe(token) {
  return /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
}
