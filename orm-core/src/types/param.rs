//! [`Param`]: one value on its way to a statement. The expression layer makes them, the engine binds them.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

use super::{PgType, SqlType};

/// One encoded value and the type it was encoded as.
///
/// Encoding happens where the value's Rust type is still known, so that everything behind (nodes, statements, the
/// engine) carries bytes and needs neither type parameters nor boxes. Its `Debug` hides the value.
///
/// ```
/// use orm_core::types::Param;
///
/// let name = Param::new(&"Ann".to_owned());
/// assert_eq!(format!("{name:?}"), "<text>");
/// assert_eq!(name.show(), "Ann");
/// assert_eq!(Param::new(&None::<i32>).bytes(), None);
/// ```
///
/// # How it meets the server's type
/// Numbers, times and the like are announced with their type, and the server takes them as such. Text, enums and JSON
/// are not announced: the server infers the type from where the parameter stands, and the value adapts to it:
///
/// | the server expects | text, an enum or JSON is sent as |
/// | --- | --- |
/// | `text`, `varchar`, `char(n)`, `name`, `citext`, `xml`, an enum, `json` | its text |
/// | `jsonb`, `jsonpath`, `ltree` | its text behind a version number |
/// | a domain | what the domain is made of |
/// | an array of one of these | the same for each element, and the array's head names the server's type |
/// | something else | an error that names both types |
#[derive(Clone)]
pub struct Param {
    ty: &'static PgType,
    bytes: Option<Bytes>,
    /// Whether the value is an array of `ty`, not a `ty`: a batch, whose array type has no description of its own.
    batch: bool,
}

impl Param {
    /// Encodes a value.
    pub fn new<T: SqlType>(value: &T) -> Self {
        let mut out = BytesMut::new();
        let bytes = value.encode(&mut out).then(|| out.freeze());
        Param {
            ty: T::TYPE,
            bytes,
            batch: false,
        }
    }

    /// A value that is already in the binary form of `ty`, as `ty`'s own `encode` writes it; `None` is NULL.
    ///
    /// ```
    /// use orm_core::types::{Param, SqlType};
    ///
    /// let seven = Param::from_bytes(i32::TYPE, Some(7_i32.to_be_bytes().to_vec().into()));
    /// assert_eq!((seven.show().as_str(), seven.pg_type().name), ("7", "int4"));
    /// ```
    pub fn from_bytes(ty: &'static PgType, bytes: Option<Bytes>) -> Self {
        Param {
            ty,
            bytes,
            batch: false,
        }
    }

    /// An array of `element`, which stands under a cast.
    pub(crate) fn array(element: &'static PgType, bytes: Bytes) -> Self {
        Param {
            ty: element,
            bytes: Some(bytes),
            batch: true,
        }
    }

    /// The elements' type, where the value is an array.
    fn element(&self) -> Option<&'static PgType> {
        if self.batch {
            Some(self.ty)
        } else {
            self.ty.element()
        }
    }

    /// The type that the value was encoded as.
    pub fn pg_type(&self) -> &'static PgType {
        self.ty
    }

    /// The binary form; `None` is NULL.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// The value as PostgreSQL would print it, for those who asked to see values. Of a batch, which is a column of many
    /// rows, the first ten.
    pub fn show(&self) -> String {
        let Some(bytes) = &self.bytes else {
            return "NULL".to_owned();
        };
        let mut out = String::new();
        match self.batch {
            true => super::array::show_batch(bytes, self.ty, &mut out),
            false => (self.ty.show)(bytes, &mut out),
        }
        out
    }

    /// The type to announce to the server when the statement is prepared; `UNKNOWN` leaves it to the server.
    ///
    /// ```
    /// use orm_core::types::Param;
    ///
    /// assert_eq!(Param::new(&7_i64).declared_type().name(), "int8");
    /// assert_eq!(Param::new(&"Ann".to_owned()).declared_type().name(), "unknown");
    /// ```
    pub fn declared_type(&self) -> Type {
        Type::from_oid(self.declared_oid()).unwrap_or(Type::UNKNOWN)
    }

    /// The number of that type, or 0.
    pub(crate) fn declared_oid(&self) -> u32 {
        if self.ty.declared && !self.batch {
            self.ty.oid
        } else {
            0
        }
    }
}

impl std::fmt::Debug for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let array = if self.batch { "[]" } else { "" };
        write!(f, "<{}{array}>", self.ty.name)
    }
}

/// The driver's side: the value's bytes, in the variant that the server's idea of the parameter's type asks for.
impl ToSql for Param {
    fn to_sql(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(bytes) = &self.bytes else {
            return Ok(IsNull::Yes);
        };
        put(self.ty, self.element(), bytes, expected, out)?;
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(expected, out)
    }
}

/// Appends a value in the binary form of `given`, in the variant that the server's type asks for.
///
/// # Errors
/// When the two do not fit, in words that name both.
pub(crate) fn put_as(
    given: &'static PgType,
    bytes: &[u8],
    expected: &Type,
    out: &mut BytesMut,
) -> Result<(), String> {
    put(given, given.element(), bytes, expected, out)
}

fn put(
    given: &'static PgType,
    element: Option<&'static PgType>,
    bytes: &[u8],
    expected: &Type,
    out: &mut BytesMut,
) -> Result<(), String> {
    let misfit = || {
        let expected = expected.name();
        format!("PostgreSQL expects a value of type `{expected}` here and was given `{given}`")
    };
    match (without_domain(expected).kind(), element) {
        (Kind::Array(member), Some(element)) => {
            let form = Form::of(element, member).ok_or_else(misfit)?;
            put_array(bytes, form, member, out);
        }
        (_, None) => {
            let form = Form::of(given, expected).ok_or_else(misfit)?;
            form.put(bytes, out);
        }
        (_, Some(_)) => return Err(misfit()),
    }
    Ok(())
}

/// The type that a domain is made of, which is also how its values travel.
fn without_domain(mut ty: &Type) -> &Type {
    while let Kind::Domain(inner) = ty.kind() {
        ty = inner;
    }
    ty
}

/// What becomes of a value's bytes (an array's: each element's bytes) on their way to a parameter.
#[derive(Clone, Copy)]
enum Form {
    /// They go as they are.
    AsTheyAre,
    /// The version of the binary form, which is 1 for all types that have one, goes before them.
    Versioned,
}

impl Form {
    /// How a value of the type `given` becomes one of the type `expected`; `None` if it does not. A type that was
    /// declared must be met exactly. The others are text, and fit all types whose binary form is their text.
    fn of(given: &PgType, expected: &Type) -> Option<Form> {
        let expected = without_domain(expected);
        if given.declared {
            return (expected.oid() == given.oid).then_some(Form::AsTheyAre);
        }
        match *expected {
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::JSON
            | Type::XML => Some(Form::AsTheyAre),
            Type::JSONB | Type::JSONPATH => Some(Form::Versioned),
            _ => match (expected.kind(), expected.name()) {
                (Kind::Enum(_), _) | (_, "citext") => Some(Form::AsTheyAre),
                (_, "ltree" | "lquery" | "ltxtquery") => Some(Form::Versioned),
                _ => None,
            },
        }
    }

    fn put(self, bytes: &[u8], out: &mut BytesMut) {
        if let Form::Versioned = self {
            out.put_u8(1);
        }
        out.put_slice(bytes);
    }
}

/// An array names its elements' type in its head, and the server insists on its own name for it.
fn put_array(bytes: &[u8], form: Form, member: &Type, out: &mut BytesMut) {
    const ELEMENT_OID: std::ops::Range<usize> = 8..12;
    let start = out.len();
    match form {
        Form::AsTheyAre => out.put_slice(bytes),
        Form::Versioned => put_elements(bytes, form, out),
    }
    out[start..][ELEMENT_OID].copy_from_slice(&member.oid().to_be_bytes());
}

/// The head as it is, and each element in its form, which is longer than before.
fn put_elements(bytes: &[u8], form: Form, out: &mut BytesMut) {
    let dimensions = i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let (head, mut rest) = bytes.split_at(12 + dimensions * 8);
    out.put_slice(head);
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        let at = out.len();
        out.put_i32(length);
        rest = tail;
        // The one negative length is that of NULL.
        if let Ok(length) = usize::try_from(length) {
            let (element, tail) = tail.split_at(length);
            form.put(element, out);
            let written = (out.len() - at - 4) as i32;
            out[at..at + 4].copy_from_slice(&written.to_be_bytes());
            rest = tail;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::enum_type;

    static MOOD: PgType = enum_type("mood", None, &["sad", "happy"]);

    fn a_type(name: &str, oid: u32, kind: Kind) -> Type {
        Type::new(name.to_owned(), oid, kind, "public".to_owned())
    }

    fn domain(over: Type) -> Type {
        a_type("a_domain", 90_000, Kind::Domain(over))
    }

    fn array(of: Type) -> Type {
        a_type("_array", 90_001, Kind::Array(of))
    }

    #[track_caller]
    fn sent(param: &Param, expected: &Type) -> Vec<u8> {
        let mut out = BytesMut::from("before");
        assert!(matches!(param.to_sql(expected, &mut out), Ok(IsNull::No)));
        out["before".len()..].to_vec()
    }

    #[track_caller]
    fn refused(param: &Param, expected: &Type) -> String {
        match param.to_sql(expected, &mut BytesMut::new()) {
            Ok(_) => panic!("`{expected}` took it"),
            Err(error) => error.to_string(),
        }
    }

    fn text(value: &str) -> Param {
        Param::new(&value.to_owned())
    }

    fn texts(values: &[Option<&str>]) -> Param {
        let values: Vec<_> = values
            .iter()
            .map(|value| value.map(str::to_owned))
            .collect();
        Param::new(&values)
    }

    #[test]
    fn text_goes_wherever_text_is_the_binary_form() {
        let citext = a_type("citext", 90_002, Kind::Simple);
        let mood = a_type("mood", 90_003, Kind::Enum(vec![]));
        for expected in [
            Type::TEXT,
            Type::VARCHAR,
            Type::BPCHAR,
            Type::NAME,
            Type::UNKNOWN,
            Type::JSON,
            citext,
            mood,
        ] {
            assert_eq!(sent(&text("a"), &expected), b"a");
            assert_eq!(sent(&text("a"), &domain(expected)), b"a");
        }
    }

    #[test]
    fn types_with_a_version_get_it() {
        let ltree = a_type("ltree", 90_004, Kind::Simple);
        for expected in [Type::JSONB, Type::JSONPATH, ltree] {
            assert_eq!(sent(&text("a"), &expected), b"\x01a");
            assert_eq!(sent(&text("a"), &domain(domain(expected))), b"\x01a");
        }
    }

    #[test]
    fn a_misfit_is_named_before_the_server_sees_it() {
        assert_eq!(
            refused(&text("a"), &Type::INT4),
            "PostgreSQL expects a value of type `int4` here and was given `text`"
        );
        assert_eq!(
            refused(&Param::new(&1_i32), &Type::INT8),
            "PostgreSQL expects a value of type `int8` here and was given `int4`"
        );
        assert_eq!(
            refused(&texts(&[]), &Type::ANYARRAY),
            "PostgreSQL expects a value of type `anyarray` here and was given `text[]`"
        );
        assert!(refused(&text("a"), &Type::TEXT_ARRAY).contains("`_text`"));
        assert!(refused(&texts(&[]), &Type::TEXT).contains("`text[]`"));
        assert!(refused(&Param::new(&vec![1_i32]), &Type::INT8_ARRAY).contains("`int4[]`"));
    }

    #[test]
    fn null_fits_everywhere() {
        let null = Param::new(&None::<i32>);
        assert!(matches!(
            null.to_sql(&Type::TEXT, &mut BytesMut::new()),
            Ok(IsNull::Yes)
        ));
        assert_eq!(null.show(), "NULL");
    }

    #[test]
    fn an_array_takes_the_servers_name_for_its_elements() {
        let mood = a_type("mood", 90_005, Kind::Enum(vec![]));
        let of_moods = Param::from_bytes(&MOOD, Some(Bytes::from_static(b"sad")));
        assert_eq!(sent(&of_moods, &mood), b"sad");

        let param = texts(&[Some("sad"), None]);
        for expected in [array(mood.clone()), domain(array(mood))] {
            let bytes = sent(&param, &expected);
            assert_eq!(bytes[8..12], 90_005_u32.to_be_bytes());
            assert_eq!(bytes[12..], param.bytes().unwrap()[12..]);
        }
        // The elements of an array may be of a domain, and then the head names the domain.
        let bytes = sent(&Param::new(&vec![7_i32]), &array(domain(Type::INT4)));
        assert_eq!(bytes[8..12], 90_000_u32.to_be_bytes());
    }

    #[test]
    fn each_element_of_a_jsonb_array_gets_the_version() {
        let bytes = sent(&texts(&[Some("1"), None, Some("[]")]), &Type::JSONB_ARRAY);
        assert_eq!(bytes[8..12], Type::JSONB.oid().to_be_bytes());
        assert_eq!(
            bytes[20..],
            *b"\0\0\0\x02\x011\xff\xff\xff\xff\0\0\0\x03\x01[]"
        );
        assert_eq!(sent(&texts(&[]), &Type::JSONB_ARRAY).len(), 12);
    }

    #[test]
    fn only_types_that_stand_for_themselves_are_declared() {
        assert_eq!(Param::new(&1_i32).declared_type(), Type::INT4);
        assert_eq!(Param::new(&vec![1_i32]).declared_type(), Type::INT4_ARRAY);
        assert_eq!(Param::new(&None::<bool>).declared_type(), Type::BOOL);
        assert_eq!(text("a").declared_type(), Type::UNKNOWN);
        assert_eq!(texts(&[]).declared_type(), Type::UNKNOWN);
    }

    #[test]
    fn debug_hides_the_value() {
        assert_eq!(format!("{:?}", text("secret")), "<text>");
    }
}
