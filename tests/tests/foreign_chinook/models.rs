//! The tables of Chinook as models. Some fields have the names of their columns, others have shorter ones.

use chrono::NaiveDateTime;
use orm_core::prelude::*;
use rust_decimal::Decimal;

/// All of them.
pub type All = (
    Artist,
    Album,
    Track,
    Genre,
    MediaType,
    Playlist,
    PlaylistTrack,
    Customer,
    Employee,
    Invoice,
    InvoiceLine,
);

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(albums: Album, via = artist, cascade(delete)))]
pub struct Artist {
    #[orm(primary_key, column = "artist_id")]
    pub id: i32,
    #[orm(length = 120)]
    pub name: Option<String>,
}

/// Its tracks stay when it is deleted: their `album_id` can be NULL.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(tracks: Track, via = album))]
pub struct Album {
    #[orm(primary_key, column = "album_id")]
    pub id: i32,
    #[orm(length = 160)]
    pub title: String,
    #[orm(index, belongs_to(artist: Artist))]
    pub artist_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    has_many(invoice_lines: InvoiceLine, via = track),
    many_to_many(playlists: Playlist, through = PlaylistTrack)
)]
pub struct Track {
    #[orm(primary_key, column = "track_id")]
    pub id: i32,
    #[orm(length = 200)]
    pub name: String,
    #[orm(index, belongs_to(album: Album))]
    pub album_id: Option<i32>,
    #[orm(index, belongs_to(media_type: MediaType))]
    pub media_type_id: i32,
    #[orm(index, belongs_to(genre: Genre))]
    pub genre_id: Option<i32>,
    #[orm(length = 220)]
    pub composer: Option<String>,
    pub milliseconds: i32,
    pub bytes: Option<i32>,
    #[orm(precision = 10, scale = 2)]
    pub unit_price: Decimal,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(tracks: Track, via = genre))]
pub struct Genre {
    #[orm(primary_key, column = "genre_id")]
    pub id: i32,
    #[orm(length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(tracks: Track, via = media_type))]
pub struct MediaType {
    #[orm(primary_key, column = "media_type_id")]
    pub id: i32,
    #[orm(length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(many_to_many(tracks: Track, through = PlaylistTrack))]
pub struct Playlist {
    #[orm(primary_key, column = "playlist_id")]
    pub id: i32,
    #[orm(length = 120)]
    pub name: Option<String>,
}

/// A link: its key is its two foreign keys.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct PlaylistTrack {
    #[orm(primary_key, index, belongs_to(playlist: Playlist))]
    pub playlist_id: i32,
    #[orm(primary_key, index, belongs_to(track: Track))]
    pub track_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(invoices: Invoice, via = customer))]
pub struct Customer {
    #[orm(primary_key, column = "customer_id")]
    pub id: i32,
    #[orm(length = 40)]
    pub first_name: String,
    #[orm(length = 20)]
    pub last_name: String,
    #[orm(length = 80)]
    pub company: Option<String>,
    #[orm(length = 70)]
    pub address: Option<String>,
    #[orm(length = 40)]
    pub city: Option<String>,
    #[orm(length = 40)]
    pub state: Option<String>,
    #[orm(length = 40)]
    pub country: Option<String>,
    #[orm(length = 10)]
    pub postal_code: Option<String>,
    #[orm(length = 24)]
    pub phone: Option<String>,
    #[orm(length = 24)]
    pub fax: Option<String>,
    #[orm(length = 60)]
    pub email: String,
    #[orm(index, belongs_to(support_rep: Employee))]
    pub support_rep_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    has_many(reports: Employee, via = manager),
    has_many(customers: Customer, via = support_rep)
)]
pub struct Employee {
    #[orm(primary_key, column = "employee_id")]
    pub id: i32,
    #[orm(length = 20)]
    pub last_name: String,
    #[orm(length = 20)]
    pub first_name: String,
    #[orm(length = 30)]
    pub title: Option<String>,
    #[orm(index, belongs_to(manager: Self))]
    pub reports_to: Option<i32>,
    pub birth_date: Option<NaiveDateTime>,
    pub hire_date: Option<NaiveDateTime>,
    #[orm(length = 70)]
    pub address: Option<String>,
    #[orm(length = 40)]
    pub city: Option<String>,
    #[orm(length = 40)]
    pub state: Option<String>,
    #[orm(length = 40)]
    pub country: Option<String>,
    #[orm(length = 10)]
    pub postal_code: Option<String>,
    #[orm(length = 24)]
    pub phone: Option<String>,
    #[orm(length = 24)]
    pub fax: Option<String>,
    #[orm(length = 60)]
    pub email: Option<String>,
}

/// An employee's manager, and the manager's manager.
pub type Manager = Aliased<Employee, 1>;
pub type Director = Aliased<Employee, 2>;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(lines: InvoiceLine, via = invoice, cascade(delete, delete_orphan)))]
pub struct Invoice {
    #[orm(primary_key, column = "invoice_id")]
    pub id: i32,
    #[orm(index, belongs_to(customer: Customer))]
    pub customer_id: i32,
    pub invoice_date: NaiveDateTime,
    #[orm(length = 70)]
    pub billing_address: Option<String>,
    #[orm(length = 40)]
    pub billing_city: Option<String>,
    #[orm(length = 40)]
    pub billing_state: Option<String>,
    #[orm(length = 40)]
    pub billing_country: Option<String>,
    #[orm(length = 10)]
    pub billing_postal_code: Option<String>,
    #[orm(precision = 10, scale = 2)]
    pub total: Decimal,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct InvoiceLine {
    #[orm(primary_key, column = "invoice_line_id")]
    pub id: i32,
    #[orm(index, belongs_to(invoice: Invoice))]
    pub invoice_id: i32,
    #[orm(index, belongs_to(track: Track))]
    pub track_id: i32,
    #[orm(precision = 10, scale = 2)]
    pub unit_price: Decimal,
    pub quantity: i32,
}
