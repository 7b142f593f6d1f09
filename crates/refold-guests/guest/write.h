/* Looks at a state and writes it. No code of a handler runs meanwhile. Part of guest.c. */

/* Where the walk is: keys as atoms, indexes as numbers with the top bit set; and which objects it is in. */
static uint32_t trail[1024];
static JSObject *inside[1024];
static bool is_measuring;
/* Between these lies the size of what was walked. */
static size_t least, most;

static void measure(size_t fewest, size_t largest)
{
    least += fewest;
    most += largest;
}

static void put_pointer(int depth)
{
    for (int i = 0; i < depth; i++) {
        put_text("/");
        char number[16];
        if (trail[i] & 0x80000000u) {
            snprintf(number, sizeof(number), "%u", trail[i] & 0x7fffffffu);
            put_text(number);
        } else {
            const char *key = JS_AtomToCString(ctx, trail[i]);
            put_text(key ? key : "?");
            JS_FreeCString(ctx, key);
        }
    }
}

static int refuse(int depth, const char *what)
{
    output.size = 0;
    put_function_place(JS_UNDEFINED);
    put_text("\n");
    put_pointer(depth);
    put_text("\n");
    put_text(what);
    return UNSERIALIZABLE;
}

static void put_code_unit(uint32_t code)
{
    char bytes[8];
    if (code < 0x20 || (code >= 0xd800 && code < 0xe000)) {
        snprintf(bytes, sizeof(bytes), "\\u%04x", code);
        put(bytes, 6);
    } else if (code == '"' || code == '\\') {
        bytes[0] = '\\';
        bytes[1] = code;
        put(bytes, 2);
    } else {
        put(bytes, utf8_encode((uint8_t *)bytes, code));
    }
}

static void put_string(JSValueConst value)
{
    JSString *text = JS_VALUE_GET_STRING(value);
    if (is_measuring) {
        measure(text->len + 2, (size_t)text->len * 6 + 2);
        return;
    }
    dbuf_putc(&output, '"');
    if (text->is_wide_char) {
        const uint16_t *units = str16(text);
        for (uint32_t i = 0; i < text->len; i++) {
            uint32_t code = units[i];
            if (is_hi_surrogate(code) && i + 1 < text->len && is_lo_surrogate(units[i + 1]))
                code = from_surrogate(code, units[++i]);
            put_code_unit(code);
        }
    } else {
        const uint8_t *letters = str8(text);
        uint32_t start = 0;
        for (uint32_t i = 0; i < text->len; i++) {
            uint8_t letter = letters[i];
            if (letter >= 0x20 && letter < 0x80 && letter != '"' && letter != '\\')
                continue;
            put(letters + start, i - start);
            put_code_unit(letter);
            start = i + 1;
        }
        put(letters + start, text->len - start);
    }
    dbuf_putc(&output, '"');
}

/* Whether a text is a number as JSON writes it. */
static bool is_json_number(const char *text)
{
    const uint8_t *kept_at = at, *kept_end = text_end;
    text_end = (const uint8_t *)text + strlen(text);
    at = (const uint8_t *)text + (*text == '-');
    const uint8_t *whole = at;
    while (at < text_end && *at >= '0' && *at <= '9')
        at++;
    bool is_number = at > whole && (at == whole + 1 || *whole != '0');
    if (is_number && at < text_end && *at == '.') {
        const uint8_t *fraction = ++at;
        while (at < text_end && *at >= '0' && *at <= '9')
            at++;
        is_number = at > fraction;
    }
    if (is_number && at < text_end && (*at | 32) == 'e') {
        if (++at < text_end && (*at == '+' || *at == '-'))
            at++;
        const uint8_t *exponent = at;
        while (at < text_end && *at >= '0' && *at <= '9')
            at++;
        is_number = at > exponent;
    }
    is_number = is_number && at == text_end;
    at = kept_at;
    text_end = kept_end;
    return is_number;
}

static int put_value(JSValueConst value, int depth);

/* An element of an array with holes. */
static int put_element(JSObject *array, uint32_t index, int depth)
{
    JSAtom key = JS_NewAtomUInt32(ctx, index);
    JSProperty *slot;
    JSShapeProperty *member = find_own_property(&slot, array, key);
    JS_FreeAtom(ctx, key);
    if (!member)
        return put_value(JS_UNDEFINED, depth);
    if ((member->flags & JS_PROP_TMASK) != JS_PROP_NORMAL)
        return refuse(depth, "a getter: keep the value itself");
    return put_value(slot->u.value, depth);
}

/* Whether a key is no symbol. */
static bool is_text(JSAtom key)
{
    return __JS_AtomIsTaggedInt(key) || rt->atom_array[key]->atom_type == JS_ATOM_TYPE_STRING;
}

/* The name of a member. A key is a text mostly, and then it is there already. */
static void put_key(JSAtom key)
{
    if (is_measuring && !__JS_AtomIsTaggedInt(key)) {
        size_t length = rt->atom_array[key]->len;
        measure(length + 3, length * 6 + 4);
        return;
    }
    JSValue name = JS_AtomToString(ctx, key);
    put_string(name);
    JS_FreeValue(ctx, name);
    measure(1, 2);
    if (!is_measuring)
        dbuf_putc(&output, ':');
}

static int write_object(JSValueConst value, int depth)
{
    JSObject *object = JS_VALUE_GET_OBJ(value);
    if (object->class_id == short_class && depth < max_depth) {
        char text[24];
        measure(1, sizeof(text));
        if (!is_measuring) {
            Short amount = short_in(value);
            put(text, write_parts(text, amount.mantissa, amount.scale));
            if (is_tagged)
                dbuf_putc(&output, 'm');
        }
        return DONE;
    }
    bool is_array = object->class_id == JS_CLASS_ARRAY;
    if (!is_array && object->class_id != JS_CLASS_OBJECT) {
        if (is_lenient && (object->class_id == JS_CLASS_DATE || object->class_id == JS_CLASS_MAP ||
                           object->class_id == JS_CLASS_SET || object->class_id == JS_CLASS_REGEXP ||
                           object->class_id == JS_CLASS_PROMISE || object->class_id == JS_CLASS_ERROR)) {
            /* Falls through to its own members: a Date loses its value there, as on the server. */
        } else if (JS_IsFunction(ctx, value)) {
            return refuse(depth, "a function");
        } else if (object->class_id == JS_CLASS_PROMISE) {
            return refuse(depth, "a Promise: handlers do not wait, so return the state itself");
        } else if (object->class_id == event_class) {
            return refuse(depth, "the event itself: keep what you need of it, such as event.data");
        } else {
            const char *name = JS_AtomToCString(ctx, rt->class_array[object->class_id].class_name);
            char words[160];
            snprintf(words, sizeof(words), "a %s: keep plain objects, arrays, texts and numbers", name ? name : "thing");
            JS_FreeCString(ctx, name);
            return refuse(depth, words);
        }
    }
    for (int i = 0; i < depth; i++)
        if (inside[i] == object)
            return refuse(depth, "a part of the state that contains itself");
    if (depth >= max_depth) {
        refuse(depth, "");
        return DEPTH;
    }
    inside[depth] = object;
    if (is_array) {
        uint32_t length = 0;
        if (js_get_length32(ctx, &length, value))
            return THROWN;
        if (!is_measuring)
            dbuf_putc(&output, '[');
        measure(2, 2);
        for (uint32_t index = 0; index < length; index++) {
            if (index && !is_measuring)
                dbuf_putc(&output, ',');
            measure(1, 1);
            trail[depth] = index | 0x80000000u;
            int status;
            if (object->fast_array && index < object->u.array.count) {
                status = put_value(object->u.array.u.values[index], depth + 1);
            } else {
                status = put_element(object, index, depth + 1);
            }
            if (status)
                return status;
        }
        if (!is_measuring)
            dbuf_putc(&output, ']');
        return DONE;
    }
    if (object->shape->proto && JS_VALUE_GET_TAG(decimal_prototype) == JS_TAG_OBJECT &&
        object->shape->proto == JS_VALUE_GET_OBJ(decimal_prototype)) {
        JSValue text = JS_GetPropertyStr(ctx, value, "literal");
        const char *literal = JS_IsString(text) ? JS_ToCString(ctx, text) : NULL;
        JS_FreeValue(ctx, text);
        if (!literal || !is_json_number(literal)) {
            JS_FreeCString(ctx, literal);
            return refuse(depth, "a decimal without a number in it");
        }
        measure(strlen(literal), strlen(literal));
        if (!is_measuring) {
            put_text(literal);
            if (is_tagged)
                dbuf_putc(&output, 'm');
        }
        JS_FreeCString(ctx, literal);
        return DONE;
    }
    bool is_first = true;
    measure(2, 2);
    if (!is_measuring)
        dbuf_putc(&output, '{');
    for (uint32_t i = 0; i < object->shape->prop_count; i++) {
        JSShapeProperty *member = &get_shape_prop(object->shape)[i];
        JSAtom key = member->atom;
        if (key == JS_ATOM_NULL || !(member->flags & JS_PROP_ENUMERABLE) || !is_text(key))
            continue;
        /* No code of a handler runs while its state is looked at. */
        if ((member->flags & JS_PROP_TMASK) != JS_PROP_NORMAL) {
            trail[depth] = key;
            return refuse(depth + 1, "a getter: keep the value itself");
        }
        JSValueConst element = object->prop[i].u.value;
        if (JS_IsUndefined(element))
            continue;
        if (!is_measuring) {
            if (!is_first)
                dbuf_putc(&output, ',');
            is_first = false;
        }
        put_key(key);
        trail[depth] = key;
        int status = put_value(element, depth + 1);
        if (status)
            return status;
    }
    if (!is_measuring)
        dbuf_putc(&output, '}');
    return DONE;
}

static void put_big_int(const char *digits, size_t length)
{
    if (is_lenient && !is_tagged)
        dbuf_putc(&output, '"');
    put(digits, length);
    if (is_tagged)
        dbuf_putc(&output, 'n');
    else if (is_lenient)
        dbuf_putc(&output, '"');
}

static int put_value(JSValueConst value, int depth)
{
    char number[64];
    if (is_measuring ? least > max_state_bytes : output.size > max_state_bytes) {
        output.size = 0;
        return STATE_SIZE;
    }
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_UNDEFINED:
    case JS_TAG_NULL:
        measure(4, 4);
        if (!is_measuring)
            put_text("null");
        return DONE;
    case JS_TAG_BOOL:
        measure(4, 5);
        if (!is_measuring)
            put_text(JS_VALUE_GET_BOOL(value) ? "true" : "false");
        return DONE;
    case JS_TAG_INT:
        measure(1, 11);
        if (!is_measuring)
            put(number, i32toa(number, JS_VALUE_GET_INT(value)));
        return DONE;
    case JS_TAG_FLOAT64: {
        double amount = JS_VALUE_GET_FLOAT64(value);
        measure(1, 25);
        if (!isfinite(amount)) {
            if (!is_lenient)
                return refuse(depth, isnan(amount) ? "NaN, which is no number of JSON" : "Infinity, which is no number of JSON");
            if (!is_measuring)
                put_text("null");
            return DONE;
        }
        Style style = style_in(value);
        if (style.is_styled) {
            measure(1, styled_length(amount, style));
            if (is_measuring || put_styled(&output, amount, style))
                return DONE;
        }
        if (!is_measuring) {
            JSDTOATempMem memory;
            put(number, js_dtoa(number, amount, 10, 0, JS_DTOA_FORMAT_FREE, &memory));
        }
        return DONE;
    }
    case JS_TAG_STRING:
        put_string(value);
        return DONE;
    case JS_TAG_STRING_ROPE: {
        JSValue flat = JS_ToString(ctx, value);
        put_string(flat);
        JS_FreeValue(ctx, flat);
        return DONE;
    }
    case JS_TAG_SHORT_BIG_INT:
    case JS_TAG_BIG_INT: {
        /* What fits into 64 bits is written without a text of the engine. */
        if (JS_VALUE_GET_TAG(value) == JS_TAG_SHORT_BIG_INT ||
            ((JSBigInt *)JS_VALUE_GET_PTR(value))->len <= 64 / JS_LIMB_BITS) {
            int64_t whole;
            JS_ToBigInt64(ctx, &whole, value);
            measure(1, 25);
            if (!is_measuring)
                put_big_int(number, write_parts(number, whole, 0));
            return DONE;
        }
        const char *digits = JS_ToCString(ctx, value);
        if (!digits)
            return THROWN;
        measure(strlen(digits), strlen(digits) + 2);
        if (!is_measuring)
            put_big_int(digits, strlen(digits));
        JS_FreeCString(ctx, digits);
        return DONE;
    }
    case JS_TAG_OBJECT:
        return write_object(value, depth);
    default:
        return refuse(depth, "a symbol");
    }
}

/* Writes the state. `tagged` keeps apart what JSON does not: a BigInt ends in `n`, a decimal in `m`. */
static int write_state(bool tagged)
{
    is_tagged = tagged;
    is_measuring = false;
    output.size = 0;
    int status = put_value(state, 0);
    is_tagged = false;
    if (status == THROWN)
        return report_exception(JS_UNDEFINED);
    if (status == DONE && output.size > max_state_bytes)
        status = STATE_SIZE;
    if (status == STATE_SIZE)
        output.size = 0;
    return status;
}
