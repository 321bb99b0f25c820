// What forms have beyond sending them: checks, drafts, rows, tabs and pickers. Loaded by loading.js when a form appears.
import "./checks.js";
import "./away.js";
import "./tabs.js";
import "../pickers/record_picker.js";
import "./inlines.js";
import "./row_editor.js";
import "./shown_fields.js";
import "./unsaved.js";
