/* Reports of what went wrong: a place, a line end, a message. Part of guest.c. */

/* `handler.js:3:7` of the innermost frame that runs a handler's code. */
static void put_running_place(void)
{
    for (JSStackFrame *frame = rt->current_stack_frame; frame; frame = frame->prev_frame) {
        JSObject *function = JS_VALUE_GET_OBJ(frame->cur_func);
        if (!js_class_has_bytecode(function->class_id) || !frame->cur_pc)
            continue;
        JSFunctionBytecode *code = function->u.func.function_bytecode;
        int column, line = find_line_num(ctx, code, frame->cur_pc - code->byte_code_buf - 1, &column);
        const char *file = code->filename ? JS_AtomToCString(ctx, code->filename) : NULL;
        char numbers[32];
        snprintf(numbers, sizeof(numbers), ":%d:%d", line, column);
        put_text(file ? file : "?");
        put_text(numbers);
        JS_FreeCString(ctx, file);
        return;
    }
}

/* Where a function begins. */
static void put_function_place(JSValueConst value)
{
    if (JS_VALUE_GET_TAG(value) != JS_TAG_OBJECT || !js_class_has_bytecode(JS_VALUE_GET_OBJ(value)->class_id))
        return;
    JSFunctionBytecode *code = JS_VALUE_GET_OBJ(value)->u.func.function_bytecode;
    const char *file = code->filename ? JS_AtomToCString(ctx, code->filename) : NULL;
    char numbers[32];
    snprintf(numbers, sizeof(numbers), ":%d:%d", code->line_num, code->col_num);
    put_text(file ? file : "?");
    put_text(numbers);
    JS_FreeCString(ctx, file);
}

/* The first place of a stack trace in a handler: what stands in the last brackets of a line, with line and column. What
 * is ours is called `refold`. */
static bool put_place_of_trace(const char *trace)
{
    while (*trace) {
        const char *end = strchr(trace, '\n');
        if (!end)
            end = trace + strlen(trace);
        const char *close = end;
        if (close > trace && close[-1] == ')')
            close--;
        const char *open = close, *digit = close;
        int colons = 0;
        while (open > trace && open[-1] != '(' && open[-1] != ' ')
            if (*--open == ':')
                colons++;
        if (colons >= 2 && digit > open && digit[-1] >= '0' && digit[-1] <= '9' && strncmp(open, "refold:", 7)) {
            put(open, close - open);
            return true;
        }
        trace = *end ? end + 1 : end;
    }
    return false;
}

static bool is_uncatchable(JSValueConst thrown)
{
    return JS_VALUE_GET_TAG(thrown) == JS_TAG_OBJECT && JS_VALUE_GET_OBJ(thrown)->is_uncatchable_error;
}

/* Whether it was that the handler had to stop. */
static bool drop_exception(void)
{
    JSValue thrown = JS_GetException(ctx);
    bool is_stop = is_uncatchable(thrown);
    JS_FreeValue(ctx, thrown);
    return is_stop;
}

/* Takes the pending exception. `running` is the function that the host called. */
static int report_exception(JSValueConst running)
{
    JSValue thrown = JS_GetException(ctx);
    bool is_error = JS_IsError(thrown), is_stop = is_uncatchable(thrown);
    output.size = 0;
    const char *trace = NULL;
    if (is_error) {
        JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
        if (JS_IsString(stack))
            trace = JS_ToCString(ctx, stack);
        else if (JS_IsException(stack))
            is_stop |= drop_exception();
        JS_FreeValue(ctx, stack);
    }
    if (!trace || !put_place_of_trace(trace))
        put_function_place(running);
    JS_FreeCString(ctx, trace);
    put_text("\n");
    const char *text = JS_ToCString(ctx, thrown);
    if (!text) {
        is_stop |= drop_exception();
        put_text("something that has no text was thrown");
    } else {
        put_text(text);
    }
    int status = THROWN;
    if (is_stop)
        status = STOPPED;
    else if (text && !strcmp(text, "RangeError: Maximum call stack size exceeded"))
        status = STACK;
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, thrown);
    return status;
}
