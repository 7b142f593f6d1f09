/* The event as a handler sees it; `src/frame.rs` writes its frame. Part of guest.c. */

enum { HAS_PAYLOAD = 1, HAS_METADATA = 2, HAS_VERSION = 4, HAS_TIME = 8, HAS_ID = 16 };

typedef struct {
    int32_t handler;
    uint32_t flags;
    int64_t version, position;
    double micros; /* since 1970 */
    uint64_t seed;
    uint32_t type_length, stream_length, id_length, metadata_length, payload_length, reserved;
} Frame;

static struct {
    Frame frame;
    const uint8_t *type, *stream, *id, *metadata, *payload;
    JSValue data, meta;
    bool has_meta;
    uintptr_t number; /* tells an event that is over */
} event;

enum { E_DATA, E_META, E_TYPE, E_VERSION, E_POSITION, E_STREAM, E_ID, E_TIME, E_COUNT };

static const char *const event_names[E_COUNT] = {
    "data", "meta", "type", "version", "position", "stream", "id", "time",
};
static JSAtom event_atoms[E_COUNT];

static JSValue bytes_as_text(const uint8_t *bytes, size_t length)
{
    return JS_NewStringLen(ctx, (const char *)bytes, length);
}

static JSValue whole_number(int64_t number)
{
    if (number >= -9007199254740991 && number <= 9007199254740991)
        return JS_NewInt64(ctx, number);
    return JS_NewBigInt64(ctx, number);
}

static JSValue event_meta(void)
{
    if (!event.has_meta) {
        if (!(event.frame.flags & HAS_METADATA)) {
            event.meta = JS_NULL;
        } else {
            bool kept = has_repeated;
            JSValue meta = parse_whole(event.metadata, event.frame.metadata_length);
            has_repeated = kept;
            if (JS_IsException(meta))
                return meta;
            if (JS_IsUndefined(meta))
                return JS_ThrowTypeError(ctx, "the metadata is not JSON");
            event.meta = meta;
        }
        event.has_meta = true;
    }
    return js_dup(event.meta);
}

static JSValue event_value(int which)
{
    const Frame *frame = &event.frame;
    switch (which) {
    case E_DATA: return js_dup(event.data);
    case E_META: return event_meta();
    case E_TYPE: return bytes_as_text(event.type, frame->type_length);
    case E_VERSION: return frame->flags & HAS_VERSION ? whole_number(frame->version) : JS_NULL;
    case E_POSITION: return whole_number(frame->position);
    case E_STREAM: return bytes_as_text(event.stream, frame->stream_length);
    case E_ID: return frame->flags & HAS_ID ? bytes_as_text(event.id, frame->id_length) : JS_NULL;
    default: {
        if (!(frame->flags & HAS_TIME))
            return JS_NULL;
        char time[64];
        return bytes_as_text((const uint8_t *)time, event_time(time));
    }
    }
}

static int event_get_own(JSContext *c, JSPropertyDescriptor *descriptor, JSValueConst object, JSAtom key)
{
    for (int i = 0; i < E_COUNT; i++) {
        if (event_atoms[i] != key)
            continue;
        if (!descriptor)
            return true;
        if ((uintptr_t)JS_VALUE_GET_OBJ(object)->u.opaque != event.number) {
            JS_ThrowTypeError(ctx, "this event is over: keep what you need of it, not the event");
            return -1;
        }
        JSValue value = event_value(i);
        if (JS_IsException(value))
            return -1;
        descriptor->flags = JS_PROP_ENUMERABLE;
        descriptor->value = value;
        descriptor->getter = descriptor->setter = JS_UNDEFINED;
        return true;
    }
    return false;
}

static int event_get_names(JSContext *c, JSPropertyEnum **names, uint32_t *count, JSValueConst object)
{
    JSPropertyEnum *list = js_malloc(ctx, sizeof(*list) * E_COUNT);
    if (!list)
        return -1;
    for (int i = 0; i < E_COUNT; i++) {
        list[i].is_enumerable = true;
        list[i].atom = JS_DupAtom(ctx, event_atoms[i]);
    }
    *names = list;
    *count = E_COUNT;
    return 0;
}

static int event_delete(JSContext *c, JSValueConst object, JSAtom key)
{
    for (int i = 0; i < E_COUNT; i++)
        if (event_atoms[i] == key)
            return false;
    return true;
}

static const JSClassExoticMethods event_methods = {
    .get_own_property = event_get_own,
    .get_own_property_names = event_get_names,
    .delete_property = event_delete,
};

static const JSClassDef event_definition = { "Event", .exotic = (JSClassExoticMethods *)&event_methods };

static void end_event(void)
{
    JS_FreeValue(ctx, event.data);
    JS_FreeValue(ctx, event.meta);
    event.data = event.meta = JS_UNDEFINED;
    event.has_meta = false;
    event.number++;
}
