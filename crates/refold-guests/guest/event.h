/* The event as a handler sees it; `src/frame.rs` writes its frame. Part of guest.c. */

enum { HAS_PAYLOAD = 1, HAS_METADATA = 2, HAS_VERSION = 4, HAS_TIME = 8, HAS_ID = 16, IS_FIRST = 32 };

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

enum {
    E_DATA, E_META, E_TYPE, E_VERSION, E_POSITION, E_STREAM, E_ID, E_TIME, MODULE_COUNT,
    /* What only a projection of KurrentDB sees. */
    E_CREATED = MODULE_COUNT, E_CATEGORY, E_PARTITION, E_IS_JSON, E_BODY_RAW, E_METADATA_RAW, E_LINK,
};

typedef struct {
    const char *name;
    int which;
    JSAtom atom;
} Member;

static Member module_members[] = {
    { "data", E_DATA },         { "meta", E_META },     { "type", E_TYPE }, { "version", E_VERSION },
    { "position", E_POSITION }, { "stream", E_STREAM }, { "id", E_ID },     { "time", E_TIME },
};
static Member projection_members[] = {
    { "streamId", E_STREAM },      { "eventType", E_TYPE },
    { "sequenceNumber", E_VERSION }, { "eventId", E_ID },
    { "created", E_CREATED },      { "category", E_CATEGORY },
    { "partition", E_PARTITION },  { "isJson", E_IS_JSON },
    { "bodyRaw", E_BODY_RAW },     { "metadataRaw", E_METADATA_RAW },
    { "linkMetadataRaw", E_LINK }, { "body", E_DATA },
    { "data", E_DATA },            { "metadata", E_META },
    { "linkMetadata", E_LINK },
};
/* Those of the dialect of the handler. */
static Member *members = module_members;
static int member_count = countof(module_members);
/* Of a projection: the partition at hand; undefined where the streams are the partitions, and the stream says it. */
static JSValue partition;

static void name_members(void)
{
    for (size_t i = 0; i < countof(module_members); i++)
        module_members[i].atom = JS_NewAtom(ctx, module_members[i].name);
    for (size_t i = 0; i < countof(projection_members); i++)
        projection_members[i].atom = JS_NewAtom(ctx, projection_members[i].name);
}

static JSValue bytes_as_text(const uint8_t *bytes, size_t length)
{
    return JS_NewStringLen(ctx, (const char *)bytes, length);
}

static JSValue whole_number(int64_t number)
{
    if (is_lenient || number >= -9007199254740991 && number <= 9007199254740991)
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
            expect_of(2 * event.frame.handler + 1);
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
    case E_TIME:
    case E_CREATED: {
        if (!(frame->flags & HAS_TIME))
            return JS_NULL;
        char time[64];
        return bytes_as_text((const uint8_t *)time, event_time(time, which == E_TIME ? 3 : 7));
    }
    case E_CATEGORY: {
        const uint8_t *dash = memchr(event.stream, '-', frame->stream_length);
        return bytes_as_text(event.stream, dash ? dash - event.stream : frame->stream_length);
    }
    case E_PARTITION:
        return JS_IsUndefined(partition) ? bytes_as_text(event.stream, frame->stream_length) : js_dup(partition);
    case E_IS_JSON: return js_bool(frame->flags & HAS_PAYLOAD);
    case E_BODY_RAW: return bytes_as_text(event.payload, frame->payload_length);
    case E_METADATA_RAW:
        return frame->flags & HAS_METADATA ? bytes_as_text(event.metadata, frame->metadata_length) : JS_NULL;
    default: return JS_NULL;
    }
}

static int event_get_own(JSContext *c, JSPropertyDescriptor *descriptor, JSValueConst object, JSAtom key)
{
    for (int i = 0; i < member_count; i++) {
        if (members[i].atom != key)
            continue;
        if (!descriptor)
            return true;
        if ((uintptr_t)JS_VALUE_GET_OBJ(object)->u.opaque != event.number) {
            JS_ThrowTypeError(ctx, "this event is over: keep what you need of it, not the event");
            return -1;
        }
        JSValue value = event_value(members[i].which);
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
    JSPropertyEnum *list = js_malloc(ctx, sizeof(*list) * member_count);
    if (!list)
        return -1;
    for (int i = 0; i < member_count; i++) {
        list[i].is_enumerable = true;
        list[i].atom = JS_DupAtom(ctx, members[i].atom);
    }
    *names = list;
    *count = member_count;
    return 0;
}

static int event_delete(JSContext *c, JSValueConst object, JSAtom key)
{
    for (int i = 0; i < member_count; i++)
        if (members[i].atom == key)
            return false;
    return true;
}

static const JSClassExoticMethods event_methods = {
    .get_own_property = event_get_own,
    .get_own_property_names = event_get_names,
    .delete_property = event_delete,
};

static const JSClassDef event_definition = { "Event", .exotic = (JSClassExoticMethods *)&event_methods };

/* Makes an event that a projection kept an object of its own: on the server it lives on. */
static int keep_event(JSValueConst object)
{
    JSObject *kept = JS_VALUE_GET_OBJ(object);
    kept->class_id = JS_CLASS_OBJECT;
    kept->is_exotic = 0;
    kept->extensible = 1;
    kept->u.opaque = NULL;
    for (int i = 0; i < member_count; i++) {
        JSValue value = event_value(members[i].which);
        if (JS_IsException(value) ||
            JS_DefinePropertyValue(ctx, object, members[i].atom, value, JS_PROP_ENUMERABLE) < 0)
            return -1;
    }
    kept->extensible = 0;
    return 0;
}

static void end_event(void)
{
    JS_FreeValue(ctx, event.data);
    JS_FreeValue(ctx, event.meta);
    event.data = event.meta = JS_UNDEFINED;
    event.has_meta = false;
    event.number++;
}
