/*
 * The guest: QuickJS-ng with the few calls that the host makes of it, in one WebAssembly module.
 *
 * The module imports two functions, which say how much fuel is left and when the event at hand was recorded. It has no
 * clock, no randomness and no input but what the host writes into `input`; every answer stands in `output`. Numbers of a
 * payload never pass through a double that would not give them back.
 */
/* Values are an amount and a tag beside it, as in builds for 64 bits, and not one word: see style.h. */
#define JS_NAN_BOXING 0
#include "quickjs.c"

#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("refold"), import_name("fuel_left"))) extern int64_t fuel_left(void);
/* The recorded time of the event at hand, as text of at most 64 bytes, with so many digits of a second. Returns its
 * length. */
__attribute__((import_module("refold"), import_name("event_time"))) extern size_t event_time(char *text, int digits);

/* What a call of the host ends with. A report stands in the output for all but the first. */
enum {
    DONE = 0,
    THROWN = 1,
    STOPPED = 2, /* fuel */
    STACK = 3,
    UNSERIALIZABLE = 4,
    DEPTH = 5,
    STATE_SIZE = 6,
    PAYLOAD = 7,
    REPEATED = 8, /* done, and a key of the payload occurs more than once */
    REFUSED = 9,  /* the source is not one that can be loaded */
    FLOOD = 10,   /* more would be written than one event may write */
};

static JSRuntime *rt;
static JSContext *ctx;
static uint8_t *input;
static size_t input_capacity;
static DynBuf output;
/* What the event at hand would have written, and how many that are. */
static DynBuf recorded;
static uint32_t recorded_count;
static const uint32_t max_recorded = 1000;
static double now_micros;
static int64_t fuel_reserve;
static int max_depth = 64;
static size_t max_state_bytes = 16 << 20;
static bool is_lenient; /* KurrentDB: NaN is null, a BigInt is text, every number of a payload is a double */

static JSValue state, decimal_of, decimal_prototype, big_int_of;
static JSValue *handlers;
static int handler_count;
static JSClassID event_class;

/* The only clock there is: the recorded time of the event at hand. */
double __rquickjs_host_now_us(void)
{
    return now_micros;
}

static int interrupt(JSRuntime *runtime, void *opaque)
{
    return fuel_left() < fuel_reserve;
}

static void put(const void *bytes, size_t length)
{
    dbuf_put(&output, bytes, length);
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

#include "report.h"
#include "style.h"
#include "short.h"
#include "read.h"
#include "write.h"
#include "event.h"

/* Room for `length` bytes of input. */
EXPORT(reserve) uint8_t *reserve(size_t length)
{
    if (length > input_capacity) {
        free(input);
        input_capacity = length * 2 > 4096 ? length * 2 : 4096;
        input = malloc(input_capacity);
        if (!input)
            __builtin_trap();
    }
    return input;
}

EXPORT(output_start) const uint8_t *output_start(void)
{
    return output.buf;
}

EXPORT(output_length) size_t output_length(void)
{
    return output.size;
}

EXPORT(set_limits) void set_limits(int depth, size_t state_bytes, int64_t reserve_fuel)
{
    max_depth = depth;
    max_state_bytes = state_bytes;
    fuel_reserve = reserve_fuel;
}

static void take_away(JSValueConst global, const char *name)
{
    JSAtom atom = JS_NewAtom(ctx, name);
    JS_DeleteProperty(ctx, global, atom, 0);
    JS_FreeAtom(ctx, atom);
}

/* A number as it is written in the payload that it was copied from; `undefined` for any other. */
static JSValue literal_of(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    Style style = style_in(arguments[0]);
    if (!JS_IsNumber(arguments[0]) || !style.is_styled)
        return JS_UNDEFINED;
    DynBuf text;
    dbuf_init(&text);
    JSValue literal = JS_UNDEFINED;
    if (put_styled(&text, JS_VALUE_GET_FLOAT64(arguments[0]), style))
        literal = JS_NewStringLen(ctx, (const char *)text.buf, text.size);
    dbuf_free(&text);
    return literal;
}

/* Whether nothing was folded into the state before the event at hand. */
static JSValue is_first(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    return js_bool(event.frame.flags & IS_FIRST);
}

static JSValue enter_partition(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    set_value(ctx, &partition, js_dup(arguments[0]));
    return JS_UNDEFINED;
}

/* Notes what a projection wants to see written, as a line of JSON. */
static JSValue record(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    if (++recorded_count > max_recorded)
        return JS_ThrowRangeError(ctx, "more than %u events are emitted for one", max_recorded);
    DynBuf kept = output;
    output = recorded;
    size_t before = output.size;
    is_measuring = false;
    int status = put_value(arguments[0], 0);
    if (status)
        output.size = before;
    else
        put_text("\n");
    recorded = output;
    output = kept;
    if (status)
        return JS_ThrowTypeError(ctx, "what is emitted must be plain data of at most %d levels", max_depth);
    return JS_UNDEFINED;
}

EXPORT(recorded_start) const uint8_t *recorded_start(void)
{
    return recorded.buf;
}

EXPORT(recorded_length) size_t recorded_length(void)
{
    return recorded.size;
}

/* Makes the engine and runs the prelude, which stands in the input. */
EXPORT(boot) int boot(size_t length)
{
    dbuf_init(&output);
    dbuf_init(&recorded);
    rt = JS_NewRuntime();
    JS_SetMaxStackSize(rt, 256 << 10);
    JS_SetInterruptHandler(rt, interrupt, NULL);
    /* Collected between events, so that no event pays for another. */
    JS_SetGCThreshold(rt, (size_t)-1);
    ctx = JS_NewContextRaw(rt);
    if (JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicDate(ctx) || JS_AddIntrinsicEval(ctx) ||
        JS_AddIntrinsicRegExp(ctx) || JS_AddIntrinsicJSON(ctx) || JS_AddIntrinsicProxy(ctx) ||
        JS_AddIntrinsicMapSet(ctx) || JS_AddIntrinsicTypedArrays(ctx) || JS_AddIntrinsicPromise(ctx))
        __builtin_trap();
    state = decimal_of = decimal_prototype = event.data = event.meta = partition = JS_UNDEFINED;
    JSValue global = JS_GetGlobalObject(ctx);
    big_int_of = JS_GetPropertyStr(ctx, global, "BigInt");
    static const char *const unwanted[] = { "Atomics", "SharedArrayBuffer", "WeakRef", "FinalizationRegistry",
                                            "performance", "queueMicrotask", "navigator", "gc" };
    for (size_t i = 0; i < countof(unwanted); i++)
        take_away(global, unwanted[i]);
    event_class = 0;
    JS_NewClassID(rt, &event_class);
    JS_NewClass(rt, event_class, &event_definition);
    short_class = 0;
    JS_NewClassID(rt, &short_class);
    JS_NewClass(rt, short_class, &short_definition);
    JSValue object_constructor = JS_GetPropertyStr(ctx, global, "Object");
    JS_SetClassProto(ctx, event_class, JS_GetPropertyStr(ctx, object_constructor, "prototype"));
    JS_FreeValue(ctx, object_constructor);
    name_members();
    static const JSCFunctionListEntry lent[] = {
        JS_CFUNC_DEF("literal", 1, literal_of),
        JS_CFUNC_DEF("isFirst", 0, is_first),
        JS_CFUNC_DEF("enterPartition", 1, enter_partition),
        JS_CFUNC_DEF("record", 1, record),
        JS_CFUNC_DEF("shortOf", 2, short_of_parts),
        JS_CFUNC_DEF("shortParts", 1, parts_of_short),
        JS_CFUNC_DEF("shortLiteral", 1, literal_of_short),
        JS_CFUNC_SPECIAL_DEF("decimal", 1, constructor_or_func, short_decimal),
        JS_CFUNC_MAGIC_DEF("plus", 1, short_computed, PLUS),
        JS_CFUNC_MAGIC_DEF("minus", 1, short_computed, MINUS),
        JS_CFUNC_MAGIC_DEF("times", 1, short_computed, TIMES),
        JS_CFUNC_MAGIC_DEF("compare", 1, short_computed, COMPARE),
    };
    JS_SetPropertyFunctionList(ctx, global, lent, countof(lent));
    JSValue prelude = JS_Eval(ctx, (const char *)input, length, "refold", JS_EVAL_TYPE_GLOBAL);
    JSValue decimal = JS_GetPropertyStr(ctx, global, "decimal");
    for (size_t i = 0; i < countof(lent); i++)
        take_away(global, lent[i].name);
    JS_DefinePropertyValueStr(ctx, global, "decimal", decimal, 0);
    JS_FreeValue(ctx, global);
    if (JS_IsException(prelude))
        return report_exception(JS_UNDEFINED);
    decimal_of = JS_GetPropertyStr(ctx, prelude, "literalDecimal");
    decimal_prototype = JS_GetPropertyStr(ctx, prelude, "decimalPrototype");
    take_computing(prelude);
    ctx->user_opaque = JS_VALUE_GET_PTR(prelude);
    return DONE;
}

/* Takes what the prelude made of the handler: `initial`, `handlers`, and `about`, which goes to the output. */
static int take_description(JSValue description)
{
    if (JS_IsException(description))
        return report_exception(JS_UNDEFINED);
    JSValue refused = JS_GetPropertyStr(ctx, description, "refused");
    JSValue list = JS_GetPropertyStr(ctx, description, "handlers");
    JSValue initial = JS_GetPropertyStr(ctx, description, "initial");
    JSValue about = JS_GetPropertyStr(ctx, description, "about");
    JS_FreeValue(ctx, description);
    output.size = 0;
    if (JS_IsString(refused)) {
        const char *words = JS_ToCString(ctx, refused);
        put_function_place(list);
        put_text("\n");
        put_text(words);
        return REFUSED;
    }
    uint32_t count = 0;
    js_get_length32(ctx, &count, list);
    handler_count = count;
    handlers = malloc(sizeof(JSValue) * (count + 1));
    for (uint32_t i = 0; i < count; i++)
        handlers[i] = JS_GetPropertyUint32(ctx, list, i);
    if (JS_IsFunction(ctx, initial)) {
        JSValue made = JS_Call(ctx, initial, JS_UNDEFINED, 0, NULL);
        if (JS_IsException(made))
            return report_exception(initial);
        state = made;
    } else {
        state = JS_NewObject(ctx);
    }
    if (JS_IsUndefined(state)) {
        put_function_place(initial);
        put_text("\ninitial() must return the state before the first event");
        return REFUSED;
    }
    const char *words = JS_ToCString(ctx, about);
    put_text(words);
    JS_FreeCString(ctx, words);
    return DONE;
}

static JSValue call_prelude(const char *name, JSValueConst argument)
{
    JSValue prelude = JS_MKPTR(JS_TAG_OBJECT, ctx->user_opaque);
    JSValue function = JS_GetPropertyStr(ctx, prelude, name);
    return JS_Call(ctx, function, prelude, 1, &argument);
}

/* Loads the source in the input, which is followed by a zero byte. `dialect` is 0 for a module, 1 for a KurrentDB projection. */
EXPORT(load) int load(size_t length, int dialect)
{
    JSValue result;
    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;
    if (dialect == 1) {
        is_lenient = true;
        members = projection_members;
        member_count = countof(projection_members);
        set_value(ctx, &partition, js_new_string8_len(ctx, "", 0));
        JSValue begun = call_prelude("begin", JS_UNDEFINED);
        if (JS_IsException(begun))
            return report_exception(JS_UNDEFINED);
    }
    int kind = dialect == 1 ? JS_EVAL_TYPE_GLOBAL : JS_EVAL_TYPE_MODULE;
    JSValue compiled =
        JS_Eval(ctx, (const char *)input, length, "handler.js", kind | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(compiled))
        return report_exception(JS_UNDEFINED);
    /* From here on no text becomes code. */
    ctx->eval_internal = NULL;
    JSModuleDef *module = dialect == 1 ? NULL : JS_VALUE_GET_PTR(compiled);
    result = JS_EvalFunction(ctx, compiled);
    if (JS_IsException(result))
        return report_exception(JS_UNDEFINED);
    if (dialect == 1)
        return take_description(call_prelude("projection", JS_UNDEFINED));
    JSPromiseStateEnum settled = JS_PromiseState(ctx, result);
    if (settled == JS_PROMISE_REJECTED) {
        JS_Throw(ctx, JS_PromiseResult(ctx, result));
        return report_exception(JS_UNDEFINED);
    }
    if (settled == JS_PROMISE_PENDING) {
        output.size = 0;
        put_text("\na handler does not wait: take the top-level await out");
        return REFUSED;
    }
    JSValue exports = JS_GetModuleNamespace(ctx, module);
    JSValue made = JS_GetPropertyStr(ctx, exports, "default");
    return take_description(call_prelude("module", made));
}

/* Folds the event whose frame stands in the input. */
EXPORT(apply) int apply(void)
{
    memcpy(&event.frame, input, sizeof(Frame));
    const Frame *frame = &event.frame;
    event.type = input + sizeof(Frame);
    event.stream = event.type + frame->type_length + 1;
    event.id = event.stream + frame->stream_length + 1;
    event.metadata = event.id + frame->id_length + 1;
    event.payload = event.metadata + frame->metadata_length + 1;
    now_micros = frame->micros;
    ctx->random_state = frame->seed ? frame->seed : 1;
    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;
    if (frame->handler < 0 || frame->handler >= handler_count)
        __builtin_trap();

    has_repeated = false;
    recorded.size = 0;
    recorded_count = 0;
    if (frame->flags & HAS_PAYLOAD) {
        expect_of(2 * frame->handler);
        event.data = parse_whole(event.payload, frame->payload_length);
        if (JS_IsException(event.data))
            return report_exception(JS_UNDEFINED);
        if (JS_IsUndefined(event.data)) {
            end_event();
            output.size = 0;
            return is_too_deep ? DEPTH : PAYLOAD;
        }
    } else {
        event.data = JS_NULL;
    }
    bool was_repeated = has_repeated;

    JSValue object = JS_NewObjectClass(ctx, event_class);
    JS_VALUE_GET_OBJ(object)->u.opaque = (void *)event.number;
    JS_VALUE_GET_OBJ(object)->extensible = 0;
    JSValue function = handlers[frame->handler];
    JSValue arguments[3] = { state, object, JS_UNDEFINED };
    int argument_count = 2;
    JSObject *code = JS_VALUE_GET_OBJ(function);
    if (code->class_id == JS_CLASS_BYTECODE_FUNCTION && code->u.func.function_bytecode->arg_count >= 3) {
        arguments[2] = event_meta();
        if (JS_IsException(arguments[2]))
            return report_exception(function);
        argument_count = 3;
    }
    JSValue returned = JS_Call(ctx, function, JS_UNDEFINED, argument_count, vc(arguments));
    JS_FreeValue(ctx, arguments[2]);
    if (!JS_IsException(returned) && is_lenient && JS_REF_COUNT(JS_VALUE_GET_OBJ(object)) > 1 && keep_event(object)) {
        JS_FreeValue(ctx, returned);
        returned = JS_EXCEPTION;
    }
    JS_FreeValue(ctx, object);
    end_event();
    if (recorded_count > max_recorded) {
        /* Also where the handler caught what `record` threw. */
        JS_FreeValue(ctx, JS_IsException(returned) ? JS_GetException(ctx) : returned);
        output.size = 0;
        put_function_place(function);
        put_text("\n");
        return FLOOD;
    }
    if (JS_IsException(returned))
        return report_exception(function);
    if (!JS_IsUndefined(returned))
        set_value(ctx, &state, returned);
    return was_repeated ? REPEATED : DONE;
}

/* Looks whether the state can be written. `handler` ran last. */
EXPORT(check) int check(void)
{
    is_measuring = true;
    least = most = 0;
    output.size = 0;
    int status = put_value(state, 0);
    is_measuring = false;
    if (status == THROWN)
        return report_exception(JS_UNDEFINED);
    if (status == DONE && most > max_state_bytes)
        status = write_state(false);
    return status;
}

EXPORT(write_json) int write_json(void)
{
    return write_state(false);
}

EXPORT(save) int save(void)
{
    return write_state(true);
}

/* Takes a state that `save` wrote, which is followed by a zero byte. */
EXPORT(restore) int restore(size_t length)
{
    is_tagged = true;
    /* As if there were one function more. */
    expect_of(2 * handler_count);
    JSValue saved = parse_whole(input, length);
    is_tagged = false;
    if (JS_IsException(saved))
        return report_exception(JS_UNDEFINED);
    if (JS_IsUndefined(saved))
        return PAYLOAD;
    set_value(ctx, &state, saved);
    return DONE;
}

/* Frees what only cycles hold, when the heap has grown. */
EXPORT(collect) void collect(void)
{
    static size_t kept;
    if (rt->malloc_state.malloc_size > kept * 2 + (1 << 20)) {
        JS_RunGC(rt);
        kept = rt->malloc_state.malloc_size;
    }
}

/* After a trap: where the handler was. */
EXPORT(where) void where(void)
{
    output.size = 0;
    put_running_place();
}
