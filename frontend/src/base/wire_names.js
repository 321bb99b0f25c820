/* Reserved names on the wire; starmodel/app/commands/binding/form_names.py has the same. */

export const BROWSER = "_browser";
export const BULK_ASK = "ask";
export const CONFIRMED = "confirmed";
export const BULK_MATCHING = "matching";
export const NEXT = "_next";
export const ORIGINALS = "_originals";
export const FIELD = "_field.";
export const GIVEN = "_given.";
export const ROWS = "_rows.";
export const SEVERAL_SUFFIX = "[]";
export const CHECK_HEADER = "starmodel-check";
export const SESSION_HEADER = "starmodel-session";
export const PAGE_HEADER = "starmodel-page";
