/*
 * Decimals of at most 18 digits, with which most amounts are computed: in 64 bits, without a call of a script. What is
 * longer is a decimal of the prelude, which computes with BigInts; both have the same prototype. Part of guest.c.
 */

/* mantissa × 10^-scale */
typedef struct {
    int64_t mantissa;
    int32_t scale;
} Short;

_Static_assert(sizeof(Short) <= sizeof(((JSObject *)0)->u), "a short decimal fits into its object");

/* The mantissa is below this one, and the scale at most that. */
#define SHORT_LIMIT INT64_C(1000000000000000000)
enum { SHORT_SCALE = 18 };

_Static_assert(countof(powers_of_ten) == SHORT_SCALE + 1, "the limit is the last of the powers");

/* In the order of the numbers that the functions are told apart by. */
enum { PLUS, MINUS, TIMES, COMPARE, DECIMAL, COMPUTING_COUNT };
static const char *const computing_names[COMPUTING_COUNT] = { "plus", "minus", "times", "compare", "decimal" };

static JSClassID short_class;
/* What does the same for decimals of any length. */
static JSValue computing[COMPUTING_COUNT];

static const JSClassDef short_definition = { "Decimal" };

static JSValue new_short(Short amount)
{
    JSValue made = JS_NewObjectClass(ctx, short_class);
    if (JS_IsException(made))
        return made;
    JSObject *object = JS_VALUE_GET_OBJ(made);
    object->extensible = 0;
    memcpy(&object->u, &amount, sizeof(amount));
    return made;
}

static bool is_short(JSValueConst value)
{
    return JS_VALUE_GET_TAG(value) == JS_TAG_OBJECT && JS_VALUE_GET_OBJ(value)->class_id == short_class;
}

static Short short_in(JSValueConst value)
{
    Short amount;
    memcpy(&amount, &JS_VALUE_GET_OBJ(value)->u, sizeof(amount));
    return amount;
}

static bool fits_short(int64_t mantissa, int64_t scale)
{
    return mantissa < SHORT_LIMIT && mantissa > -SHORT_LIMIT && scale >= 0 && scale <= SHORT_SCALE;
}

/* The decimal that a value says as it is written. False where it is no short one, or where only the prelude knows. */
static bool to_short(JSValueConst value, Short *amount)
{
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_INT:
        *amount = (Short){ JS_VALUE_GET_INT(value), 0 };
        return true;
    case JS_TAG_FLOAT64: {
        Style style = style_in(value);
        amount->scale = style.is_styled ? style.fraction_digits : 0;
        return !style.has_power && digits_of(JS_VALUE_GET_FLOAT64(value), amount->scale, &amount->mantissa);
    }
    default:
        if (!is_short(value))
            return false;
        *amount = short_in(value);
        return true;
    }
}

/* Gives both the larger scale. */
static bool align(Short *one, Short *other)
{
    Short *low = one->scale < other->scale ? one : other;
    int32_t scale = one->scale < other->scale ? other->scale : one->scale;
    int64_t power = powers_of_ten[scale - low->scale];
    if (low->mantissa > SHORT_LIMIT / power || low->mantissa < -(SHORT_LIMIT / power))
        return false;
    low->mantissa *= power;
    low->scale = scale;
    return true;
}

/* `function` is one of those above. */
static bool compute(Short one, Short other, int function, Short *result)
{
    if (function == TIMES) {
        if (one.mantissa && llabs(other.mantissa) > llabs(SHORT_LIMIT / one.mantissa))
            return false;
        *result = (Short){ one.mantissa * other.mantissa, one.scale + other.scale };
        return true;
    }
    if (!align(&one, &other))
        return false;
    /* Both are at most the limit, which is far from what overflows. */
    result->scale = one.scale;
    result->mantissa = function == PLUS ? one.mantissa + other.mantissa : one.mantissa - other.mantissa;
    return true;
}

static JSValue short_computed(JSContext *c, JSValueConst self, int count, JSValueConst *arguments, int function)
{
    Short other, result;
    if (is_short(self) && to_short(arguments[0], &other) && compute(short_in(self), other, function, &result)) {
        if (function == COMPARE)
            return JS_NewInt32(ctx, result.mantissa > 0 ? 1 : result.mantissa < 0 ? -1 : 0);
        if (fits_short(result.mantissa, result.scale))
            return new_short(result);
    }
    return JS_Call(ctx, computing[function], self, count, arguments);
}

/* `decimal(value)` */
static JSValue short_decimal(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    Short amount;
    if (is_short(arguments[0]))
        return js_dup(arguments[0]);
    if (to_short(arguments[0], &amount))
        return new_short(amount);
    return JS_Call(ctx, computing[DECIMAL], JS_UNDEFINED, count, arguments);
}

/* The short decimal of a BigInt and a scale; `undefined` where it is none. */
static JSValue short_of_parts(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    int64_t mantissa, scale;
    bool is_long = JS_VALUE_GET_TAG(arguments[0]) == JS_TAG_BIG_INT;
    if (is_long && ((JSBigInt *)JS_VALUE_GET_PTR(arguments[0]))->len > 64 / JS_LIMB_BITS)
        return JS_UNDEFINED;
    if (JS_ToBigInt64(ctx, &mantissa, arguments[0]) || JS_ToInt64(ctx, &scale, arguments[1]))
        return JS_EXCEPTION;
    return fits_short(mantissa, scale) ? new_short((Short){ mantissa, scale }) : JS_UNDEFINED;
}

/* Mantissa and scale of a short decimal; `undefined` for anything else. */
static JSValue parts_of_short(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    if (!is_short(arguments[0]))
        return JS_UNDEFINED;
    Short amount = short_in(arguments[0]);
    JSValue parts = JS_NewArray(ctx);
    JS_DefinePropertyValueUint32(ctx, parts, 0, JS_NewBigInt64(ctx, amount.mantissa), JS_PROP_C_W_E);
    JS_DefinePropertyValueUint32(ctx, parts, 1, JS_NewInt32(ctx, amount.scale), JS_PROP_C_W_E);
    return parts;
}

/* How a short decimal is written; `undefined` for anything else. */
static JSValue literal_of_short(JSContext *c, JSValueConst self, int count, JSValueConst *arguments)
{
    char text[24];
    if (!is_short(arguments[0]))
        return JS_UNDEFINED;
    Short amount = short_in(arguments[0]);
    return js_new_string8_len(ctx, text, write_parts(text, amount.mantissa, amount.scale));
}

/* Takes from the prelude what computes with decimals of any length. */
static void take_computing(JSValueConst prelude)
{
    for (int i = 0; i < COMPUTING_COUNT; i++)
        computing[i] = JS_GetPropertyStr(ctx, prelude, computing_names[i]);
    JS_SetClassProto(ctx, short_class, JS_GetPropertyStr(ctx, prelude, "decimalPrototype"));
}
